import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** A key that a program presents to a service, which verifies it by `verifyApiKey`. */
export class Model extends VariantModel.Class<Model>("ApiKey")({
  ...Row.entity(IamEntityIds.ApiKeyId),
  /** Which of the configured kinds of key this is. */
  configId: Field.readOnly(Field.defaulted(Field.text)),
  name: Field.readOnly(Field.nullable(Field.text)),
  /** The first characters of the key, so that its owner can tell it from others. */
  start: Field.readOnly(Field.nullable(Field.text)),
  /** Whose key it is: the id of a user or of an organization. */
  referenceId: Field.readOnly(Field.required(Field.text)),
  prefix: Field.readOnly(Field.nullable(Field.text)),
  /** The key's hash. */
  key: Field.sensitive(Field.required(Field.text)),
  /** Milliseconds after which `remaining` is set to `refillAmount` again. */
  refillInterval: Field.readOnly(Field.nullable(Field.integer)),
  refillAmount: Field.readOnly(Field.nullable(Field.integer)),
  lastRefillAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  enabled: Field.readOnly(Field.nullable(Schema.Boolean)),
  rateLimitEnabled: Field.readOnly(Field.nullable(Schema.Boolean)),
  /** Milliseconds. */
  rateLimitTimeWindow: Field.readOnly(Field.nullable(Field.integer)),
  rateLimitMax: Field.readOnly(Field.nullable(Field.integer)),
  requestCount: Field.readOnly(Field.nullable(Field.integer)),
  /** How often it may still be used; without a number, without a limit. */
  remaining: Field.readOnly(Field.nullable(Field.integer)),
  lastRequest: Field.readOnly(Field.nullable(...Field.timestamp)),
  expiresAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** JSON text, as Better Auth writes it: what the key may do. */
  permissions: Field.readOnly(Field.nullable(Field.text)),
  /** JSON text, as Better Auth writes it. */
  metadata: Field.nullable(Field.text),
}) {}
