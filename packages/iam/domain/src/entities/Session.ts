import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A signed-in user's session. */
export class Model extends VariantModel.Class<Model>("Session")({
  ...Row.entity(IamEntityIds.SessionId),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
  token: Field.sensitive(Field.required(Field.digest)),
  ipAddress: Field.readOnly(Field.nullable(Field.envelope, Field.text)),
  userAgent: Field.readOnly(Field.nullable(Field.envelope, Field.text)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  activeOrganizationId: Field.readOnly(Field.nullable(SharedEntityIds.OrganizationId)),
  activeTeamId: Field.readOnly(Field.nullable(SharedEntityIds.TeamId)),
  /** The administrator who acts as the user. */
  impersonatedBy: Field.readOnly(Field.nullable(SharedEntityIds.UserId)),
}) {}
