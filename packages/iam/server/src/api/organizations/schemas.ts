/** What the routes of organizations take and answer. */
import { AccessControl, Cursor, Invitation, Page } from "@beep/iam-domain";
import { Field, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";

/** Text of a name: not empty, and not longer than anybody reads. */
const Name = Field.text.check(Schema.isMinLength(1), Schema.isMaxLength(255));

/** Roles by their names, as a request gives them. */
const RoleNames = Schema.Array(Name).check(Schema.isMinLength(1), Schema.isMaxLength(20));

const Metadata = Schema.Record(Schema.String, Field.json);

/** The part of a list that is wanted. */
export const pageQuery = {
  cursor: Schema.optionalKey(Schema.String),
  limit: Schema.optionalKey(Schema.NumberFromString.pipe(Schema.decodeTo(Page.Limit))),
  order: Schema.optionalKey(Cursor.Order),
};

export const Organization = Schema.Struct({
  id: SharedEntityIds.OrganizationId,
  name: Schema.String,
  slug: Schema.String,
  logo: Schema.NullOr(Schema.String),
  metadata: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  createdAt: Schema.DateFromString,
}).annotate({ identifier: "OrganizationDetails" });

export const NewOrganization = Schema.Struct({
  name: Name,
  slug: Name,
  logo: Schema.optionalKey(Schema.NullOr(Field.text)),
  metadata: Schema.optionalKey(Schema.NullOr(Metadata)),
});

export const OrganizationChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  slug: Schema.optionalKey(Name),
  logo: Schema.optionalKey(Schema.NullOr(Field.text)),
  metadata: Schema.optionalKey(Schema.NullOr(Metadata)),
});

/** As much of a user as other members see. */
const MemberUser = Schema.Struct({
  id: SharedEntityIds.UserId,
  name: Schema.String,
  email: Schema.String,
  image: Schema.NullOr(Schema.String),
}).annotate({ identifier: "OrganizationMemberUser" });

export const Member = Schema.Struct({
  id: IamEntityIds.MemberId,
  organizationId: SharedEntityIds.OrganizationId,
  userId: SharedEntityIds.UserId,
  roles: Schema.Array(Schema.String),
  createdAt: Schema.DateFromString,
  user: MemberUser,
}).annotate({ identifier: "OrganizationMember" });

export const MemberChange = Schema.Struct({ roles: RoleNames });

export const Team = Schema.Struct({
  id: SharedEntityIds.TeamId,
  organizationId: SharedEntityIds.OrganizationId,
  name: Schema.String,
  memberCount: Schema.Int,
  createdAt: Schema.DateFromString,
}).annotate({ identifier: "OrganizationTeam" });

/** A team by what may be said of it. */
export const TeamName = Schema.Struct({ name: Name });

export const TeamMember = Schema.Struct({
  id: IamEntityIds.TeamMemberId,
  teamId: SharedEntityIds.TeamId,
  userId: SharedEntityIds.UserId,
  createdAt: Schema.DateFromString,
  user: MemberUser,
}).annotate({ identifier: "OrganizationTeamMember" });

const invitationFields = {
  id: IamEntityIds.InvitationId,
  organizationId: SharedEntityIds.OrganizationId,
  email: Schema.String,
  roles: Schema.Array(Schema.String),
  teamIds: Schema.Array(SharedEntityIds.TeamId),
  status: Invitation.Status,
  expiresAt: Schema.DateFromString,
  inviterId: SharedEntityIds.UserId,
  createdAt: Schema.DateFromString,
};

export const OrganizationInvitation = Schema.Struct(invitationFields).annotate({
  identifier: "OrganizationInvitation",
});

export const ReceivedInvitation = Schema.Struct({
  ...invitationFields,
  organization: Schema.Struct({ name: Schema.String, slug: Schema.String }),
  inviter: Schema.Struct({ name: Schema.String, email: Schema.String }),
}).annotate({ identifier: "ReceivedInvitation" });

export const AcceptedInvitation = Schema.Struct({
  invitation: OrganizationInvitation,
  memberId: IamEntityIds.MemberId,
}).annotate({ identifier: "AcceptedInvitation" });

export const NewInvitation = Schema.Struct({
  email: Field.text.check(Schema.isMaxLength(320)),
  roles: RoleNames,
  teamIds: Schema.optionalKey(Schema.Array(SharedEntityIds.TeamId).check(Schema.isMaxLength(100))),
  /** Mails one that is pending once more, and gives it more time. */
  resend: Schema.optionalKey(Schema.Boolean),
});

/** Actions by resource; a resource or an action that there is not is refused. */
const Permissions = Schema.Struct({
  organization: Schema.optionalKey(Schema.Array(Schema.Literals(AccessControl.statements.organization))),
  member: Schema.optionalKey(Schema.Array(Schema.Literals(AccessControl.statements.member))),
  invitation: Schema.optionalKey(Schema.Array(Schema.Literals(AccessControl.statements.invitation))),
  team: Schema.optionalKey(Schema.Array(Schema.Literals(AccessControl.statements.team))),
  ac: Schema.optionalKey(Schema.Array(Schema.Literals(AccessControl.statements.ac))),
} satisfies { readonly [R in AccessControl.Resource]: Schema.Top });

/** A name that stands in a list of roles. */
const RoleName = Name.check(
  Schema.isMaxLength(64),
  Schema.makeFilter((name) => !/[,\s]/.test(name), { expected: "a name without commas and spaces" }),
);

export const Role = Schema.Struct({
  id: IamEntityIds.OrganizationRoleId,
  organizationId: SharedEntityIds.OrganizationId,
  role: Schema.String,
  permissions: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  createdAt: Schema.DateFromString,
}).annotate({ identifier: "OrganizationDefinedRole" });

export const NewRole = Schema.Struct({ role: RoleName, permissions: Permissions });

export const RoleChange = Schema.Struct({ permissions: Permissions });

export const FullOrganization = Schema.Struct({
  ...Organization.fields,
  members: Page.of(Member),
  teams: Page.of(Team),
  invitations: Page.of(OrganizationInvitation),
}).annotate({ identifier: "FullOrganizationDetails" });
