import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A role that an organization defined for itself. */
export class Model extends VariantModel.Class<Model>("OrganizationRole")({
  ...Row.organizationEntity(IamEntityIds.OrganizationRoleId),
  role: Field.required(Field.text),
  /** JSON text, as Better Auth writes it: the actions that the role may take on each resource. */
  permission: Field.required(Field.text),
}) {}
