import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A directory that provisions users here (SCIM 2.0, RFC 7644), with the credentials that are kept here. */
export class Model extends VariantModel.Class<Model>("ScimManagedConnection")({
  ...Row.entity(IamEntityIds.ScimManagedConnectionId),
  creationRequestId: Field.readOnly(Field.required(Field.text)),
  connectionId: Field.readOnly(Field.required(Field.text)),
  provisioningDomainId: Field.readOnly(Field.required(SharedEntityIds.OrganizationId)),
  status: Field.readOnly(Field.required(Field.text)),
  revision: Field.sensitive(Field.required(Field.integer)),
  createdBy: Field.readOnly(Field.required(Field.text)),
  decommissionStartedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  decommissionStartedBy: Field.readOnly(Field.nullable(Field.text)),
  decommissionedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  decommissionedBy: Field.readOnly(Field.nullable(Field.text)),
}) {}
