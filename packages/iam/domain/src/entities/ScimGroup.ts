import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A group of a directory (RFC 7643, section 4.2). */
export class Model extends VariantModel.Class<Model>("ScimGroup")({
  ...Row.entity(IamEntityIds.ScimGroupId),
  connectionId: Field.readOnly(Field.required(Field.text)),
  provisioningDomainId: Field.readOnly(Field.required(SharedEntityIds.OrganizationId)),
  revision: Field.sensitive(Field.defaulted(Field.integer)),
  displayName: Field.readOnly(Field.required(Field.text)),
  displayNameKey: Field.sensitive(Field.required(Field.text)),
  externalId: Field.readOnly(Field.nullable(Field.text)),
  externalIdKey: Field.sensitive(Field.nullable(Field.text)),
  orderKey: Field.sensitive(Field.required(Field.text)),
}) {}
