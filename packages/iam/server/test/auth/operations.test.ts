/** What `Auth.api` declares, against what Better Auth does. */
import { betterAuthCodes } from "@beep/iam-domain";
import {
  ApiKey,
  Invitation,
  Member,
  Organization,
  OrganizationRole,
  Session,
  Team,
  TeamMember,
  User,
} from "@beep/iam-domain/entities";
import { type Api, Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import type * as Brand from "effect/Brand";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";
import { database } from "./browser.ts";
import { betterAuth } from "./control.ts";

const { NullOr, Boolean, Null, Number, String, Unknown, optional } = Schema;
const list = <S extends Schema.Top>(schema: S) => Schema.Array(schema);
const answer = Schema.Struct;

const user = answer(Struct.omit(User.Model.select.fields, ["version"]));
const session = answer(Struct.omit(Session.Model.select.fields, ["version"]));
const organization = answer(Struct.omit(Organization.Model.select.fields, ["version", "updatedAt"]));
const changed = answer({
  ...Struct.omit(organization.fields, ["metadata"]),
  metadata: optional(Schema.Record(String, Unknown)),
});
const member = answer(Struct.omit(Member.Model.select.fields, ["version", "updatedAt"]));
const memberWithUser = answer({
  ...member.fields,
  user: answer(Struct.pick(user.fields, ["id", "name", "email", "image"])),
});
const invitation = answer(Struct.omit(Invitation.Model.select.fields, ["version", "updatedAt"]));
const team = answer(Struct.omit(Team.Model.select.fields, ["version", "memberCount"]));
const teamMember = answer(Struct.pick(TeamMember.Model.select.fields, ["id", "teamId", "userId", "createdAt"]));
const permissions = Schema.Record(String, list(String));
const role = answer({ ...Struct.omit(OrganizationRole.Model.select.fields, ["version"]), permission: permissions });
const apiKey = answer({
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
const redirection = { redirect: optional(Boolean), url: optional(String) };

/** For each operation a schema of what it is declared to answer; what it answers besides is in the schema too. */
type Answers = {
  readonly [Name in keyof Api]: Schema.Codec<unknown, Plain<Awaited<ReturnType<Api[Name]>>>>;
};

const answers = {
  signUpEmail: answer({ token: NullOr(String), user }),
  signInEmail: answer({ token: String, user, ...redirection }),
  signOut: answer({ success: Boolean, ...redirection }),
  getSession: NullOr(answer({ session, user })),
  listSessions: list(session),
  revokeSession: answer({ status: Boolean }),
  revokeSessions: answer({ status: Boolean }),
  revokeOtherSessions: answer({ status: Boolean }),

  sendVerificationEmail: answer({ status: Boolean }),
  verifyEmail: Unknown,
  requestPasswordReset: answer({ status: Boolean, message: String }),
  resetPassword: answer({ status: Boolean }),
  changePassword: answer({ token: NullOr(String), user }),
  updateUser: answer({ status: Boolean }),

  createOrganization: answer({ ...changed.fields, members: list(member) }),
  updateOrganization: NullOr(changed),
  deleteOrganization: NullOr(organization),
  setActiveOrganization: NullOr(organization),
  listOrganizations: list(organization),
  getFullOrganization: NullOr(
    answer({
      ...organization.fields,
      members: list(memberWithUser),
      invitations: list(invitation),
      teams: list(answer({ ...team.fields, memberCount: Number })),
    }),
  ),
  listMembers: answer({ members: list(memberWithUser), total: Number }),
  addMember: NullOr(member),
  updateMemberRole: member,
  removeMember: NullOr(answer({ member: answer({ ...member.fields, user: optional(memberWithUser.fields.user) }) })),

  createInvitation: invitation,
  acceptInvitation: NullOr(answer({ invitation, member })),
  rejectInvitation: answer({ invitation: NullOr(invitation), member: Null }),
  cancelInvitation: NullOr(invitation),
  listInvitations: list(invitation),

  createTeam: team,
  listOrganizationTeams: list(team),
  addTeamMember: teamMember,
  removeTeamMember: answer({ message: String }),
  createOrgRole: answer({ success: Boolean, roleData: role, statements: permissions }),
  hasPermission: answer({ success: Boolean, error: Null }),

  createApiKey: answer({ ...apiKey.fields, key: String }),
  verifyApiKey: answer({
    valid: Boolean,
    error: NullOr(answer({ code: String, message: Unknown })),
    key: NullOr(apiKey),
  }),

  createUser: answer({ user }),
  listUsers: answer({ users: list(user), total: Number, limit: optional(Number), offset: optional(Number) }),
  setRole: answer({ user }),
  banUser: answer({ user }),
  unbanUser: answer({ user }),
} satisfies Answers;

const token = (message: { readonly text: string }): string => {
  const link = new URL(IamTest.linkIn({ to: "", subject: "", ...message }));
  return link.searchParams.get("token") ?? link.pathname.split("/").at(-1) ?? "";
};

layer(database, { excludeTestServices: true })((it) => {
  it.effect(
    "AUTH-1: every operation answers what its type says: rows of our models, ids well formed, dates as Dates",
    () =>
      Effect.gen(function* () {
        const mailbox = yield* IamTest.Mailbox;
        const service = yield* Auth.Auth;
        const seen = new Map<string, Array<unknown>>();
        const api = new Proxy(service.api, {
          get: (operations, name: string) => {
            const run: (input: never) => Effect.Effect<unknown> = Reflect.get(operations, name);
            return (input: never) =>
              Effect.tap(run(input), (answered) =>
                Effect.sync(() => seen.set(name, [...(seen.get(name) ?? []), answered])),
              );
          },
        });

        const password = IamTest.password;
        const ann = yield* IamTest.signedUp("ann");
        const bob = yield* IamTest.signedUp("bob");
        const { headers } = ann;

        // Sign-up, sign-in, sessions; the account
        const body = { name: "Cat", email: "cat@example.com", password };
        yield* api.signUpEmail({ body });
        yield* api.sendVerificationEmail({ body: { email: body.email } });
        yield* mailbox.next;
        yield* api.verifyEmail({ query: { token: token(yield* mailbox.next) } });
        const { user: cat } = yield* api.signInEmail({ body });
        yield* api.requestPasswordReset({ body: { email: body.email } });
        yield* api.resetPassword({ body: { token: token(yield* mailbox.next), newPassword: password } });
        yield* api.signInEmail({ body });
        const catHeaders = yield* IamTest.signedIn(body.email);
        yield* api.getSession({ headers: catHeaders });
        yield* api.getSession({ headers: new Headers() });
        const [first] = yield* api.listSessions({ headers: catHeaders });
        yield* api.revokeSession({ headers: catHeaders, body: { token: first?.token ?? "" } });
        yield* api.updateUser({ headers, body: { name: "Ann", image: "https://example.com/ann.png" } });
        yield* api.getSession({ headers });
        const last = yield* IamTest.signedIn(body.email);
        yield* api.revokeOtherSessions({ headers: last });
        yield* api.changePassword({ headers: last, body: { currentPassword: password, newPassword: password } });
        const change = { currentPassword: password, newPassword: password, revokeOtherSessions: true };
        yield* api.changePassword({ headers: last, body: change });
        yield* api.revokeSessions({ headers: yield* IamTest.signedIn(body.email) });
        yield* api.signOut({ headers: yield* IamTest.signedIn(body.email) });

        // Organizations, with and without what they may have
        const bare = yield* api.createOrganization({ headers, body: { name: "Bare", slug: "bare" } });
        const full = { name: "Full", slug: "full", logo: "https://example.com/logo.png", metadata: { since: 1999 } };
        const { id: organizationId } = yield* api.createOrganization({ headers, body: full });
        yield* api.updateOrganization({ headers, body: { data: { name: "Fuller" }, organizationId } });
        yield* api.updateOrganization({ headers, body: { data: { metadata: { since: 2001 } }, organizationId } });
        yield* api.updateOrganization({ headers, body: { data: { name: "Barer" }, organizationId: bare.id } });
        yield* api.setActiveOrganization({ headers, body: { organizationId: null } });
        yield* api.setActiveOrganization({ headers, body: { organizationId } });
        yield* api.listOrganizations({ headers });

        // Invitations and members
        const invite = { email: bob.email, role: "member", organizationId };
        const { id: cancelled } = yield* api.createInvitation({ headers, body: invite });
        yield* api.cancelInvitation({ headers, body: { invitationId: cancelled } });
        const { id: rejected } = yield* api.createInvitation({ headers, body: invite });
        yield* api.rejectInvitation({ headers: bob.headers, body: { invitationId: rejected } });
        const [firstTeam] = yield* api.listOrganizationTeams({ headers, query: { organizationId } });
        if (firstTeam === undefined) return assert.fail("The organization has no team.");
        const teamId = firstTeam.id;
        const { id: accepted } = yield* api.createInvitation({ headers, body: { ...invite, teamId } });
        yield* api.listInvitations({ headers, query: { organizationId } });
        yield* api.getFullOrganization({ headers, query: { organizationId } });
        const joined = yield* api.acceptInvitation({ headers: bob.headers, body: { invitationId: accepted } });
        if (joined === null) return assert.fail("The invitation was not accepted.");
        const memberId = joined.member.id;
        const userId = cat.id;
        yield* api.addMember({ body: { userId, role: "member", organizationId } });
        yield* api.listMembers({ headers, query: { organizationId } });
        yield* api.createOrgRole({
          headers,
          body: { role: "editor", permission: { team: ["create"] }, organizationId },
        });
        yield* api.updateMemberRole({ headers, body: { memberId, role: ["member", "editor"], organizationId } });
        yield* api.hasPermission({ headers, body: { permissions: { team: ["create"] }, organizationId } });
        yield* api.createTeam({ headers, body: { name: "Night", organizationId } });
        yield* api.addTeamMember({ headers, body: { teamId, userId, organizationId } });
        yield* api.removeTeamMember({ headers, body: { teamId, userId, organizationId } });
        yield* api.removeMember({ headers, body: { memberIdOrEmail: memberId, organizationId } });
        yield* api.removeMember({ headers, body: { memberIdOrEmail: "cat@example.com", organizationId } });

        // API keys
        const { key } = yield* api.createApiKey({ headers, body: { name: "robot", expiresIn: 86_400 } });
        yield* api.createApiKey({ body: { userId: ann.id } });
        yield* api.createApiKey({ headers, body: { configId: "organization", organizationId } });
        yield* api.verifyApiKey({ body: { key } });
        yield* api.verifyApiKey({ body: { key: "nonsense" } });
        yield* api.deleteOrganization({ headers, body: { organizationId } });

        // Administration
        const root = {
          name: "Root",
          email: "root@example.com",
          password,
          role: "admin",
          data: { emailVerified: true },
        } as const;
        yield* api.createUser({ body: root });
        const asRoot = { headers: yield* IamTest.signedIn(root.email) };
        yield* api.createUser({ ...asRoot, body: { name: "Dan", email: "dan@example.com" } });
        yield* api.listUsers({ ...asRoot, query: { limit: 10 } });
        yield* api.setRole({ ...asRoot, body: { userId: bob.id, role: "user" } });
        yield* api.banUser({ ...asRoot, body: { userId: bob.id, banReason: "spam", banExpiresIn: 3600 } });
        yield* api.unbanUser({ ...asRoot, body: { userId: bob.id } });

        const untrue: Array<string> = [];
        for (const [name, schema] of Object.entries<Schema.Codec<unknown, unknown>>(answers)) {
          const answered = seen.get(name);
          if (answered === undefined) untrue.push(`${name} was not called`);
          for (const value of answered ?? []) {
            const decoded = yield* Effect.exit(
              Schema.decodeUnknownEffect(schema)(value, { errors: "all", onExcessProperty: "error" }),
            );
            if (Exit.isFailure(decoded)) untrue.push(`${name}: ${decoded.cause} in ${JSON.stringify(value)}`);
          }
        }
        assert.deepStrictEqual(untrue, []);
      }),
  );

  it.effect("AUTH-1: the codes of errors are those of the Better Auth that is installed", () =>
    Effect.gen(function* () {
      const codes: unknown = Reflect.get(yield* betterAuth(), "$ERROR_CODES");
      assert.deepStrictEqual([...betterAuthCodes].toSorted(), Object.keys(Object(codes)).toSorted());
    }),
  );
});
