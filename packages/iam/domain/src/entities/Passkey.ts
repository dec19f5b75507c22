import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** A key of a user's device, by which it signs in without a password (WebAuthn). */
export class Model extends VariantModel.Class<Model>("Passkey")({
  ...Row.entity(IamEntityIds.PasskeyId),
  name: Field.readOnly(Field.nullable(Field.envelope, Field.text)),
  publicKey: Field.readOnly(Field.required(Field.text)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  /** The authenticator's own name for the key, by which a sign-in finds it. */
  credentialID: Field.readOnly(Field.required(Field.text)),
  /** How often the authenticator says it has signed; a copy of it would say less. */
  counter: Field.readOnly(Field.required(Field.integer)),
  deviceType: Field.readOnly(Field.required(Field.text)),
  backedUp: Field.readOnly(Field.required(Schema.Boolean)),
  /** How the authenticator is reached, separated by commas. */
  transports: Field.readOnly(Field.nullable(Field.text)),
  /** The authenticator's make. */
  aaguid: Field.readOnly(Field.nullable(Field.text)),
}) {}
