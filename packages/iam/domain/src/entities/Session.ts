/** A signed-in user's session. */
import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

export class Model extends VariantModel.Class<Model>("Session")({
  ...Row.entity(IamEntityIds.SessionId),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
  token: Field.sensitive(Field.required(Schema.String)),
  ipAddress: Field.readOnly(Field.nullable(Schema.String)),
  userAgent: Field.readOnly(Field.nullable(Schema.String)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  activeOrganizationId: Field.readOnly(Field.nullable(SharedEntityIds.OrganizationId)),
  activeTeamId: Field.readOnly(Field.nullable(SharedEntityIds.TeamId)),
  /** The administrator who acts as the user. */
  impersonatedBy: Field.readOnly(Field.nullable(SharedEntityIds.UserId)),
}) {}
