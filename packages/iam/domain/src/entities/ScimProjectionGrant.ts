import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A role that a user has from a directory, and what in the directory it comes from. */
export class Model extends VariantModel.Class<Model>("ScimProjectionGrant")({
  ...Row.entity(IamEntityIds.ScimProjectionGrantId),
  connectionId: Field.readOnly(Field.required(Field.text)),
  provisioningDomainId: Field.readOnly(Field.required(SharedEntityIds.OrganizationId)),
  scimUserId: Field.readOnly(Field.required(IamEntityIds.ScimUserId)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  sourceKind: Field.readOnly(Field.required(Field.text)),
  sourceId: Field.readOnly(Field.required(Field.text)),
  sourceValue: Field.readOnly(Field.nullable(Field.text)),
  role: Field.readOnly(Field.required(Field.text)),
  grantKey: Field.sensitive(Field.required(Field.text)),
}) {}
