import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A key pair by which tokens are signed; the id names it in their headers. Better Auth calls the model `jwks`. */
export class Model extends VariantModel.Class<Model>("SigningKey")({
  ...Row.entity(IamEntityIds.SigningKeyId),
  /** A JSON Web Key, as text. */
  publicKey: Field.readOnly(Field.required(Field.text)),
  /** A JSON Web Key, as text. */
  privateKey: Field.sensitive(Field.required(Field.envelope)),
  /** From when on it signs; it is published before. */
  activatesAt: Field.readOnly(Field.defaulted(...Field.timestamp)),
  /** When it signs no more, because the next one does; nothing until there is a next one. */
  retiresAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** When it is published no more, because all that it signed has ended. */
  expiresAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** Since when it neither signs nor is published, whatever was planned. */
  revokedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  alg: Field.readOnly(Field.nullable(Field.text)),
  crv: Field.readOnly(Field.nullable(Field.text)),
}) {}
