import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** That a directory's user is in a group of it. */
export class Model extends VariantModel.Class<Model>("ScimGroupMember")({
  ...Row.entity(IamEntityIds.ScimGroupMemberId),
  connectionId: Field.readOnly(Field.required(Field.text)),
  groupId: Field.readOnly(Field.required(IamEntityIds.ScimGroupId)),
  scimUserId: Field.readOnly(Field.required(IamEntityIds.ScimUserId)),
  membershipKey: Field.sensitive(Field.required(Field.text)),
}) {}
