import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** A user whom directories provision: which of them decides the profile, and a revision that their changes move. */
export class Model extends VariantModel.Class<Model>("ScimSubject")({
  ...Row.entity(IamEntityIds.ScimSubjectId),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  profileSourceId: Field.readOnly(Field.nullable(Field.text)),
  revision: Field.readOnly(Field.required(Field.integer)),
  /** Whether a directory made the account, and nobody else has a say in it. */
  managed: Field.readOnly(Field.defaulted(Schema.Boolean)),
  /** Whether the directories that manage the account have ended it: no session begins then. */
  deactivated: Field.readOnly(Field.defaulted(Schema.Boolean)),
}) {}
