import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A user's membership in a team. */
export class Model extends VariantModel.Class<Model>("TeamMember")({
  ...Row.organizationEntity(IamEntityIds.TeamMemberId),
  teamId: Field.readOnly(Field.required(SharedEntityIds.TeamId)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  /** Better Auth's own key of the pair, by which two additions at once become one. */
  membershipKey: Field.sensitive(Field.nullable(Field.text)),
}) {}
