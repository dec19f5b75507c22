import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** The domain that a SCIM connection provisions, and how far its end has come. */
export class Model extends VariantModel.Class<Model>("ScimConnectionBinding")({
  ...Row.entity(IamEntityIds.ScimConnectionBindingId),
  connectionId: Field.readOnly(Field.required(Field.text)),
  connectionKey: Field.sensitive(Field.required(Field.text)),
  provisioningDomainId: Field.readOnly(Field.required(SharedEntityIds.OrganizationId)),
  decommissionedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  decommissionStatus: Field.readOnly(Field.defaulted(Field.text)),
  /** The last user that was dealt with; text, because it stays when the user goes. */
  decommissionCursorUserId: Field.sensitive(Field.nullable(Field.text)),
  decommissionReconciledUserCount: Field.readOnly(Field.defaulted(Field.integer)),
  decommissionBatchCount: Field.readOnly(Field.defaulted(Field.integer)),
  decommissionRevision: Field.sensitive(Field.defaulted(Field.integer)),
  decommissionCompletedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  decommissionLeaseId: Field.sensitive(Field.nullable(Field.text)),
  decommissionLeaseExpiresAt: Field.sensitive(Field.nullable(...Field.timestamp)),
}) {}
