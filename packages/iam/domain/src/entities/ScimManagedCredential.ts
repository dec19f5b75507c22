import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A bearer token of a SCIM connection. */
export class Model extends VariantModel.Class<Model>("ScimManagedCredential")({
  ...Row.entity(IamEntityIds.ScimManagedCredentialId),
  connectionRecordId: Field.readOnly(Field.required(IamEntityIds.ScimManagedConnectionId)),
  credentialId: Field.readOnly(Field.required(Field.text)),
  tokenDigest: Field.sensitive(Field.required(Field.text)),
  hashVersion: Field.sensitive(Field.required(Field.text)),
  /** By which no more are active at once than are allowed. */
  activeSlotKey: Field.sensitive(Field.required(Field.text)),
  status: Field.readOnly(Field.required(Field.text)),
  serializedScopes: Field.sensitive(Field.required(Field.text)),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
  createdBy: Field.readOnly(Field.required(Field.text)),
  lastUsedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  revokedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  revokedBy: Field.readOnly(Field.nullable(Field.text)),
  decommissionedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
}) {}
