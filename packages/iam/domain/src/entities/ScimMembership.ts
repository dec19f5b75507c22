import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** What directories gave to a member, so that they take away no more than that. */
export class Model extends VariantModel.Class<Model>("ScimMembership")({
  ...Row.organizationEntity(IamEntityIds.ScimMembershipId),
  memberId: Field.readOnly(Field.required(IamEntityIds.MemberId)),
  /** Whether the membership itself is theirs; who was a member before stays one after. */
  given: Field.readOnly(Field.required(Schema.Boolean)),
  /** The roles that are theirs, separated by commas. */
  roles: Field.readOnly(Field.required(Field.text)),
}) {}
