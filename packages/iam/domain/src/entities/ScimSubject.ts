import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A user whom directories provision: which of them decides the profile, and a revision that their changes move. */
export class Model extends VariantModel.Class<Model>("ScimSubject")({
  ...Row.entity(IamEntityIds.ScimSubjectId),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  profileSourceId: Field.readOnly(Field.nullable(Field.text)),
  revision: Field.readOnly(Field.required(Field.integer)),
}) {}
