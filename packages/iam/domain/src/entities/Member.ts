import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** A user's membership in an organization. */
export class Model extends VariantModel.Class<Model>("Member")({
  ...Row.organizationEntity(IamEntityIds.MemberId),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  /** The member's roles, separated by commas; also roles that the organization defined itself. */
  role: Field.defaulted(Field.text.check(Schema.isNonEmpty())),
}) {}

/** The roles that every organization has; others are its own (`OrganizationRole`). */
export const roles = ["owner", "admin", "member"] as const;

/**
 * The built-in roles as a PostgreSQL enum, for tables of an application that hold exactly one built-in role. It takes
 * drizzle's `pgEnum`, so that this package stays free of drizzle. `member.role` itself is text, because several roles
 * and an organization's own roles are written there.
 */
export const makeMemberRolePgEnum = <Enum>(pgEnum: (name: "iam_member_role", values: typeof roles) => Enum): Enum =>
  pgEnum("iam_member_role", roles);
