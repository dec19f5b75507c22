import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** A user's second factor: a shared secret for time-based codes, and codes for when it is lost. */
export class Model extends VariantModel.Class<Model>("TwoFactor")({
  ...Row.entity(IamEntityIds.TwoFactorId),
  secret: Field.sensitive(Field.required(Field.envelope)),
  backupCodes: Field.sensitive(Field.required(Field.envelope)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  verified: Field.readOnly(Field.nullable(Schema.Boolean)),
  failedVerificationCount: Field.sensitive(Field.nullable(Field.integer)),
  lockedUntil: Field.sensitive(Field.nullable(...Field.timestamp)),
}) {}
