import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A sign-in that a device without a browser asks for, until somebody approves it elsewhere (RFC 8628). */
export class Model extends VariantModel.Class<Model>("DeviceCode")({
  ...Row.entity(IamEntityIds.DeviceCodeId),
  deviceCode: Field.sensitive(Field.required(Field.digest)),
  userCode: Field.sensitive(Field.required(Field.digest)),
  /** Who approved or denied it. */
  userId: Field.readOnly(Field.nullable(SharedEntityIds.UserId)),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
  status: Field.readOnly(Field.required(Field.text)),
  lastPolledAt: Field.sensitive(Field.nullable(...Field.timestamp)),
  /** Milliseconds that the device waits between two questions. */
  pollingInterval: Field.sensitive(Field.nullable(Field.integer)),
  clientId: Field.readOnly(Field.nullable(Field.text)),
  scope: Field.readOnly(Field.nullable(Field.text)),
  /** The registered client that asked; none where the device is our own. */
  oauthClientId: Field.readOnly(Field.nullable(Field.text)),
  resources: Field.readOnly(Field.nullable(Field.texts)),
}) {}
