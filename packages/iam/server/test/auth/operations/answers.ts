/** What operations answer, as schemas: rows as Better Auth gives them, and the few other forms. */
import {
  Account,
  ApiKey,
  Invitation,
  Member,
  Organization,
  OrganizationRole,
  Passkey,
  Session,
  Team,
  TeamMember,
  User,
} from "@beep/iam-domain/entities";
import type { Api } from "@beep/iam-server";
import type * as Brand from "effect/Brand";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";

const { Boolean, NullOr, String, Unknown, optional } = Schema;

export const list = <S extends Schema.Top>(schema: S) => Schema.Array(schema);
export const answer = Schema.Struct;

export const user = answer(Struct.omit(User.Model.select.fields, ["version"]));
/** As it was presented, or its digest where it was not; and in clear what is sealed. */
export const session = answer({
  ...Struct.omit(Session.Model.select.fields, ["version"]),
  token: Schema.String,
  ipAddress: Schema.NullOr(Schema.String),
  userAgent: Schema.NullOr(Schema.String),
});
export const account = answer({
  ...Struct.pick(Account.Model.select.fields, ["id", "createdAt", "updatedAt", "accountId", "providerId", "userId"]),
  scopes: list(String),
});
export const organization = answer(
  Struct.omit(Organization.Model.select.fields, ["version", "updatedAt", "suspendedAt"]),
);
export const changed = answer({
  ...Struct.omit(organization.fields, ["metadata"]),
  metadata: optional(Schema.Record(String, Unknown)),
});
export const member = answer(Struct.omit(Member.Model.select.fields, ["version", "updatedAt"]));
export const memberWithUser = answer({
  ...member.fields,
  user: answer(Struct.pick(user.fields, ["id", "name", "email", "image"])),
});
export const invitation = answer(Struct.omit(Invitation.Model.select.fields, ["version", "updatedAt"]));
export const fullTeam = answer(Struct.omit(Team.Model.select.fields, ["version"]));
export const team = answer(Struct.omit(fullTeam.fields, ["memberCount"]));
export const teamMember = answer(Struct.pick(TeamMember.Model.select.fields, ["id", "teamId", "userId", "createdAt"]));
export const passkey = answer({
  ...Struct.omit(Passkey.Model.select.fields, ["version", "updatedAt"]),
  name: Schema.NullOr(Schema.String),
});
export const permissions = Schema.Record(String, list(String));
export const role = answer({
  ...Struct.omit(OrganizationRole.Model.select.fields, ["version"]),
  permission: permissions,
});
export const apiKey = answer({
  ...Struct.omit(ApiKey.Model.select.fields, ["version", "key"]),
  metadata: NullOr(Schema.Record(String, Unknown)),
  permissions: NullOr(permissions),
});

/** Without brands: what a schema takes is yet to be validated. */
type Plain<T> =
  T extends Brand.Brand<string>
    ? Brand.Brand.Unbranded<T>
    : T extends Date
      ? T
      : T extends object
        ? { readonly [K in keyof T]: Plain<T[K]> }
        : T;

/** Where an answer leads, for browsers; not declared. */
export const redirection = { redirect: optional(Boolean), url: optional(String) };

/** For each operation a schema of what it is declared to answer; what it answers besides is in the schema too. */
export type Answers<Names extends keyof Api> = {
  readonly [Name in Names]: Schema.Codec<unknown, Plain<Awaited<ReturnType<Api[Name]>>>>;
};

/** The answer to a first factor of a user who has a second. */
export const twoFactorChallenge = answer({
  twoFactorRedirect: Schema.Literal(true),
  twoFactorMethods: list(Schema.Literal("totp")),
});
export const done = answer({ status: Boolean });
export const success = answer({ success: Boolean });
export const told = answer({ message: String });
