import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A key pair by which tokens are signed; the id names it in their headers. Better Auth calls the model `jwks`. */
export class Model extends VariantModel.Class<Model>("SigningKey")({
  ...Row.entity(IamEntityIds.SigningKeyId),
  /** A JSON Web Key, as text. */
  publicKey: Field.readOnly(Field.required(Field.text)),
  /** A JSON Web Key, as text. */
  privateKey: Field.sensitive(Field.required(Field.envelope)),
  expiresAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  alg: Field.readOnly(Field.nullable(Field.text)),
  crv: Field.readOnly(Field.nullable(Field.text)),
}) {}
