/** Who acts in these tests: users with a session, as a request's credential would have verified them. */
import { IamDb, Invitations, Members, Organizations, Roles, Teams, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import { user as users } from "@beep/shared-tables";
import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import { asService } from "../../src/tenancy/asService.ts";

/** The services of organizations. */
export const services = Effect.all({
  organizations: Organizations.Organizations,
  members: Members.Members,
  invitations: Invitations.Invitations,
  teams: Teams.Teams,
  roles: Roles.Roles,
});

/** A user with a session. */
export interface Person {
  readonly id: SharedEntityIds.UserId;
  readonly name: string;
  readonly email: string;
  readonly sessionId: IamEntityIds.SessionId;
  readonly principal: Principal.User;
}

/** The principal of a session. */
export const inSession = (userId: SharedEntityIds.UserId, sessionId: IamEntityIds.SessionId): Principal.User => ({
  _tag: "User",
  userId,
  impersonatedBy: null,
  credential: { _tag: "Session", sessionId },
});

/** The principal of a user's API key, limited to permissions or not. */
export const byKey = (
  { id }: Person,
  permissions: Readonly<Record<string, ReadonlyArray<string>>> | null,
): Principal.User => ({
  _tag: "User",
  userId: id,
  impersonatedBy: null,
  credential: { _tag: "ApiKey", apiKeyId: IamEntityIds.ApiKeyId.create(), permissions },
});

/** The principal of an access token of a user's, limited to scopes. */
export const byToken = ({ id }: Person, ...scopes: ReadonlyArray<string>): Principal.User => ({
  _tag: "User",
  userId: id,
  impersonatedBy: null,
  credential: { _tag: "Token", clientId: "television", scopes },
});

/** The principal of an organization's own API key. */
export const ofOrganization = (
  organizationId: SharedEntityIds.OrganizationId,
  permissions: Readonly<Record<string, ReadonlyArray<string>>> | null,
): Principal.Principal => ({
  _tag: "Organization",
  organizationId,
  credential: { _tag: "ApiKey", apiKeyId: IamEntityIds.ApiKeyId.create(), permissions },
});

/** Trusted code. */
export const trusted = Principal.system("test");

/** A user and a session, by their rows: nobody has to hash a password for it. */
export const person = Effect.fnUntraced(function* (name: string) {
  const { db } = yield* IamDb.IamDb;
  const id = SharedEntityIds.UserId.create();
  const sessionId = IamEntityIds.SessionId.create();
  const email = `${name}@example.com`;
  yield* asService(
    Effect.gen(function* () {
      yield* db.insert(users).values({ id, name, email, emailVerified: true });
      yield* db.insert(IamDbSchema.session).values({
        id: sessionId,
        userId: id,
        token: IamTest.digestOf(sessionId),
        expiresAt: new Date(Date.now() + 3_600_000),
      });
    }),
  );
  return { id, name, email, sessionId, principal: inSession(id, sessionId) } satisfies Person;
});

/** What is active in a person's session. */
export const active = Effect.fnUntraced(function* ({ sessionId }: { readonly sessionId: IamEntityIds.SessionId }) {
  const { db } = yield* IamDb.IamDb;
  const { session } = IamDbSchema;
  const [row] = yield* asService(
    db
      .select({ organization: session.activeOrganizationId, team: session.activeTeamId })
      .from(session)
      .where(eq(session.id, sessionId)),
  );
  return row;
});

/** An organization of a person's, and what it has from the beginning. */
export const organizationOf = Effect.fnUntraced(function* (owner: Person, slug: string) {
  const organizations = yield* Organizations.Organizations;
  const { id } = yield* organizations.create(owner.principal, { name: slug, slug });
  const full = yield* Tenancy.as(owner.principal, id)(organizations.full);
  const [member] = full.members.items;
  const [team] = full.teams.items;
  if (member === undefined || team === undefined) return assert.fail("The organization lacks its owner or its team.");
  return { id, ownerId: member.id, teamId: team.id };
});

/** Makes a person a member, without asking. */
export const joined = Effect.fnUntraced(function* (
  organizationId: SharedEntityIds.OrganizationId,
  { id }: Person,
  ...roles: ReadonlyArray<string>
) {
  const members = yield* Members.Members;
  return yield* Tenancy.as(
    trusted,
    organizationId,
  )(members.add({ userId: id, roles: roles.length === 0 ? ["member"] : roles }));
});

/** An invitation of a person, and the mail that it sends. */
export const invited = Effect.fnUntraced(function* (
  by: Person,
  organizationId: SharedEntityIds.OrganizationId,
  { email }: { readonly email: string },
  more: { readonly roles?: ReadonlyArray<string>; readonly teamIds?: ReadonlyArray<SharedEntityIds.TeamId> } = {},
) {
  const invitations = yield* Invitations.Invitations;
  const mailbox = yield* IamTest.Mailbox;
  const invitation = yield* Tenancy.as(
    by.principal,
    organizationId,
  )(invitations.create({ email, roles: ["member"], ...more }));
  return { invitation, mail: yield* mailbox.next };
});

/** What a list has on its first page, and that there is no other. */
export const all = Effect.fnUntraced(function* <A, E, R>(
  page: Effect.Effect<{ readonly items: ReadonlyArray<A>; readonly next: string | null }, E, R>,
) {
  const { items, next } = yield* page;
  assert.isNull(next);
  return items;
});

/** The number of members that each team counts, and has. */
export const counts = Effect.fnUntraced(function* (organizationId: SharedEntityIds.OrganizationId) {
  const teams = yield* Teams.Teams;
  const items = yield* Tenancy.as(trusted, organizationId)(all(teams.list({})));
  return yield* Effect.forEach(items, ({ id, memberCount, name }) =>
    Effect.map(Tenancy.as(trusted, organizationId)(all(teams.members(id, {}))), ({ length }) => ({
      name,
      counted: memberCount,
      members: length,
    })),
  );
});

/** The tag and the code of a refusal. */
export const refusal = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (error) => ("code" in error ? `${error.code}` : error._tag));

/** Does something as a principal, in an organization. */
export const as = (by: Principal.Principal | Person, organizationId: SharedEntityIds.OrganizationId) =>
  Tenancy.as("principal" in by ? by.principal : by, organizationId);
