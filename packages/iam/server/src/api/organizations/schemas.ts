/** What the routes of organizations take and answer. */
import { AccessControl, Cursor, Invitation, Page } from "@beep/iam-domain";
import { Field, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Predicate from "effect/Predicate";
import * as Schema from "effect/Schema";

/** Text of a name: not empty, and not longer than anybody reads. */
const Name = Field.text.check(Schema.isMinLength(1), Schema.isMaxLength(255));

/** A name that stands in a list of roles, where commas part them. */
const RoleName = Name.check(
  Schema.makeFilter((name) => !name.includes(","), { expected: "the name of one role, without commas" }),
);

/** Roles by their names, as a request gives them. */
const RoleNames = Schema.Array(RoleName).check(Schema.isMinLength(1), Schema.isMaxLength(20));

/** An address, or a small picture itself (`data:`). */
const Logo = Field.text.check(Schema.isMaxLength(10_000));

/** In characters of its JSON: a page has a hundred of them. */
const MAX_METADATA = 10_000;

/** In objects and lists, one within the other: schemas follow a value by recursion, and a stack has an end. */
const MAX_DEPTH = 20;

const isWithin = (depth: number, value: unknown): boolean =>
  !Predicate.isObjectOrArray(value) ||
  (depth > 0 && Object.values(value).every((member) => isWithin(depth - 1, member)));

const isJson = Schema.is(Field.json);

/** What an application keeps with an organization. */
const Metadata = Schema.Record(Schema.String, Schema.Unknown).check(
  Schema.makeFilter(
    (metadata) => isWithin(MAX_DEPTH, metadata) && isJson(metadata) && JSON.stringify(metadata).length <= MAX_METADATA,
    {
      expected: `at most ${MAX_METADATA} characters of JSON, ${MAX_DEPTH} deep, without U+0000 and half surrogate pairs`,
    },
  ),
);

/** A point in time, which JSON has as a text (RFC 3339). */
export const Instant = Schema.DateFromString.pipe(Schema.annotateEncoded({ format: "date-time" }));

/** A number of an address: no sign, no fraction, no other notation. */
const LimitText = Schema.String.check(
  Schema.isPattern(/^(?:[1-9][0-9]?|100)$/, { expected: "a number from 1 to 100" }),
);

/** The part of a list that is wanted. */
export const pageQuery = {
  cursor: Schema.optionalKey(Schema.String.annotate({ description: "`next` of the page before." })),
  limit: Schema.optionalKey(
    LimitText.annotate({ description: `How many there are on a page; ${Page.DEFAULT_LIMIT} unless it is said.` }).pipe(
      Schema.decodeTo(Schema.NumberFromString),
      Schema.decodeTo(Page.Limit),
    ),
  ),
  order: Schema.optionalKey(Cursor.Order.annotate({ description: "The oldest come first, unless it is said." })),
};

export const Organization = Schema.Struct({
  id: SharedEntityIds.OrganizationId,
  name: Schema.String,
  slug: Schema.String,
  logo: Schema.NullOr(Schema.String),
  metadata: Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)),
  createdAt: Instant,
}).annotate({ identifier: "OrganizationDetails" });

export const NewOrganization = Schema.Struct({
  name: Name,
  slug: Name,
  logo: Schema.optionalKey(Schema.NullOr(Logo)),
  metadata: Schema.optionalKey(Schema.NullOr(Metadata)),
});

export const OrganizationChange = Schema.Struct({
  name: Schema.optionalKey(Name),
  slug: Schema.optionalKey(Name),
  logo: Schema.optionalKey(Schema.NullOr(Logo)),
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
  createdAt: Instant,
  user: MemberUser,
}).annotate({ identifier: "OrganizationMember" });

export const MemberChange = Schema.Struct({ roles: RoleNames });

export const Team = Schema.Struct({
  id: SharedEntityIds.TeamId,
  organizationId: SharedEntityIds.OrganizationId,
  name: Schema.String,
  memberCount: Schema.Int,
  createdAt: Instant,
}).annotate({ identifier: "OrganizationTeam" });

/** A team by what may be said of it. */
export const TeamName = Schema.Struct({ name: Name });

export const TeamMember = Schema.Struct({
  id: IamEntityIds.TeamMemberId,
  teamId: SharedEntityIds.TeamId,
  userId: SharedEntityIds.UserId,
  createdAt: Instant,
  user: MemberUser,
}).annotate({ identifier: "OrganizationTeamMember" });

const invitationFields = {
  id: IamEntityIds.InvitationId,
  organizationId: SharedEntityIds.OrganizationId,
  email: Schema.String,
  roles: Schema.Array(Schema.String),
  teamIds: Schema.Array(SharedEntityIds.TeamId),
  status: Invitation.Status,
  expiresAt: Instant,
  inviterId: SharedEntityIds.UserId,
  createdAt: Instant,
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
  webhook: Schema.optionalKey(Schema.Array(Schema.Literals(AccessControl.statements.webhook))),
} satisfies { readonly [R in AccessControl.Resource]: Schema.Top });

/** The name of a role that is to be made. */
const NewRoleName = RoleName.check(
  Schema.isMaxLength(64),
  Schema.makeFilter((name) => !/\s/.test(name), { expected: "a name without spaces" }),
);

export const Role = Schema.Struct({
  id: IamEntityIds.OrganizationRoleId,
  organizationId: SharedEntityIds.OrganizationId,
  role: Schema.String,
  permissions: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  createdAt: Instant,
}).annotate({ identifier: "OrganizationDefinedRole" });

export const NewRole = Schema.Struct({ role: NewRoleName, permissions: Permissions });

export const RoleChange = Schema.Struct({ permissions: Permissions });

export const FullOrganization = Schema.Struct({
  ...Organization.fields,
  members: Page.of(Member),
  teams: Page.of(Team),
  invitations: Page.of(OrganizationInvitation),
}).annotate({ identifier: "FullOrganizationDetails" });
