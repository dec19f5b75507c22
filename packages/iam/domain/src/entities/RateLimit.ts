import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** How often something was tried lately. Counted in the database, so that all processes count together. */
export class Model extends VariantModel.Class<Model>("RateLimit")({
  ...Row.entity(IamEntityIds.RateLimitId),
  key: Field.sensitive(Field.required(Field.digest)),
  count: Field.sensitive(Field.required(Field.integer)),
  /** Milliseconds since the epoch. */
  lastRequest: Field.sensitive(Field.required(Schema.Int)),
}) {}
