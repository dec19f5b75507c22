import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A client's signed assertion that has been used, by its id, until it would have expired (RFC 7523). */
export class Model extends VariantModel.Class<Model>("OauthClientAssertion")({
  ...Row.entity(IamEntityIds.OauthClientAssertionId),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
}) {}
