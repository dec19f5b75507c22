import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A way to sign in: a password, or an identity at another provider. */
export class Model extends VariantModel.Class<Model>("Account")({
  ...Row.entity(IamEntityIds.AccountId),
  /** The identity's name at the provider; the user's own id for a password. */
  accountId: Field.readOnly(Field.required(Field.text)),
  providerId: Field.readOnly(Field.required(Field.text)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  accessToken: Field.sensitive(Field.nullable(Field.envelope)),
  refreshToken: Field.sensitive(Field.nullable(Field.envelope)),
  idToken: Field.sensitive(Field.nullable(Field.envelope)),
  accessTokenExpiresAt: Field.sensitive(Field.nullable(...Field.timestamp)),
  refreshTokenExpiresAt: Field.sensitive(Field.nullable(...Field.timestamp)),
  scope: Field.readOnly(Field.nullable(Field.text)),
  /** The password's hash. */
  password: Field.sensitive(Field.nullable(Field.text)),
}) {}
