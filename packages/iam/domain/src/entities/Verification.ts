import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** Something that a person can prove once, until it expires: a mailed link, a code, a sign-in in progress. */
export class Model extends VariantModel.Class<Model>("Verification")({
  ...Row.entity(IamEntityIds.VerificationId),
  identifier: Field.sensitive(Field.required(Field.digest)),
  value: Field.sensitive(Field.required(Field.envelope)),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
}) {}
