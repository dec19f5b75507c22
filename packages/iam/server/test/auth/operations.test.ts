/** What `Auth.api` declares, against what Better Auth does. */
import { betterAuthCodes } from "@beep/iam-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Accounts } from "../../src/auth/api/accounts.ts";
import type { Administration } from "../../src/auth/api/administration.ts";
import type { ApiKeys } from "../../src/auth/api/apiKeys.ts";
import type { Invitations } from "../../src/auth/api/invitations.ts";
import type { Organizations } from "../../src/auth/api/organizations.ts";
import type { Roles } from "../../src/auth/api/roles.ts";
import type { Sessions } from "../../src/auth/api/sessions.ts";
import type { Teams } from "../../src/auth/api/teams.ts";
import type { TwoFactor } from "../../src/auth/api/twoFactor.ts";
import { database } from "./browser.ts";
import { betterAuth } from "./control.ts";
import { everything } from "./everything.ts";
import {
  type Answers,
  account,
  answer,
  apiKey,
  changed,
  done,
  fullTeam,
  invitation,
  list,
  member,
  memberWithUser,
  organization,
  permissions,
  redirection,
  role,
  session,
  success,
  team,
  teamMember,
  told,
  user,
} from "./operations/answers.ts";
import { gathered } from "./operations/gathered.ts";
import { plugins } from "./operations/plugins.ts";
import { browsing, mailedTo, person, verified } from "./operations/verified.ts";
import { codeNow } from "./totp.ts";

const noProvider = "There is no identity provider but the password.";
const switchedOff = "Better Auth refuses it: its option is not set.";
const noMailedCodes = "Codes of the second factor are not sent; authenticator apps show them.";
const forBrowsers = "It redirects a browser, or is a page.";

/** What Better Auth has and `Api` has not, with the reason. */
const leftOut: Readonly<Record<string, string>> = {
  signInSocial: noProvider,
  callbackOAuth: noProvider,
  linkSocialAccount: noProvider,
  getAccessToken: noProvider,
  refreshToken: noProvider,
  accountInfo: noProvider,
  unlinkAccount: "A user has one account, the password, and Better Auth does not unlink the last.",
  setPassword: "It is for a session of somebody without a password, and only a password begins a session here.",
  changeEmail: switchedOff,
  deleteUser: switchedOff,
  deleteUserCallback: switchedOff,
  updateSession: "It changes fields that an application adds to sessions, and there are none.",
  sendTwoFactorOTP: noMailedCodes,
  verifyTwoFactorOTP: noMailedCodes,
  generateTOTP: "It is the authenticator app's half, and takes the secret that only the app has in plain text.",
  requestPasswordResetCallback: forBrowsers,
  openAPIReference: forBrowsers,
  error: forBrowsers,
  ok: "It says that HTTP is answered, and is of no use without HTTP.",
  generateOpenAPISchema: "It is `Auth.openApi`.",
};

const { NullOr, Boolean, Literal, Null, Number, String, Undefined, Union, Unknown, optional } = Schema;

const accounts = {
  signUpEmail: answer({ token: Null, user }),
  sendVerificationEmail: done,
  verifyEmail: answer({ status: Boolean, user: Null }),
  requestPasswordReset: answer({ status: Boolean, message: String }),
  resetPassword: done,
  verifyPassword: done,
  changePassword: answer({ token: NullOr(String), user }),
  updateUser: done,
  listUserAccounts: list(account),
} satisfies Answers<keyof Accounts>;

const sessions = {
  signInEmail: Union([
    answer({ token: String, user, ...redirection }),
    answer({ twoFactorRedirect: Literal(true), twoFactorMethods: list(Literal("totp")) }),
  ]),
  signOut: answer({ success: Boolean, ...redirection }),
  getSession: NullOr(answer({ session, user })),
  listSessions: list(session),
  revokeSession: done,
  revokeSessions: done,
  revokeOtherSessions: done,
} satisfies Answers<keyof Sessions>;

const twoFactor = {
  enableTwoFactor: answer({ method: Literal("totp"), totpURI: String, backupCodes: list(String) }),
  disableTwoFactor: done,
  getTOTPURI: answer({ totpURI: String }),
  verifyTOTP: answer({ token: String, user }),
  verifyBackupCode: answer({ token: Union([String, Undefined]), user }),
  generateBackupCodes: answer({ status: Boolean, backupCodes: list(String) }),
  viewBackupCodes: answer({ status: Boolean, backupCodes: list(String) }),
} satisfies Answers<keyof TwoFactor>;

const organizations = {
  createOrganization: answer({ ...changed.fields, members: list(member) }),
  checkOrganizationSlug: done,
  updateOrganization: NullOr(changed),
  deleteOrganization: organization,
  setActiveOrganization: NullOr(organization),
  listOrganizations: list(organization),
  getOrganization: NullOr(organization),
  getFullOrganization: NullOr(
    answer({
      ...organization.fields,
      members: list(memberWithUser),
      invitations: list(invitation),
      teams: list(fullTeam),
    }),
  ),
  listMembers: answer({ members: list(memberWithUser), total: Number }),
  addMember: member,
  updateMemberRole: member,
  removeMember: answer({ member: answer({ ...member.fields, user: optional(memberWithUser.fields.user) }) }),
  leaveOrganization: memberWithUser,
  getActiveMember: memberWithUser,
  getActiveMemberRole: answer({ role: String }),
} satisfies Answers<keyof Organizations>;

const invitations = {
  createInvitation: invitation,
  acceptInvitation: answer({ invitation, member }),
  rejectInvitation: answer({ invitation: NullOr(invitation), member: Null }),
  cancelInvitation: NullOr(invitation),
  getInvitation: answer({
    ...invitation.fields,
    organizationName: String,
    organizationSlug: String,
    inviterEmail: String,
  }),
  listInvitations: list(invitation),
  listUserInvitations: list(answer({ ...invitation.fields, organizationName: String })),
} satisfies Answers<keyof Invitations>;

const teams = {
  createTeam: team,
  updateTeam: NullOr(team),
  removeTeam: told,
  listOrganizationTeams: list(team),
  listUserTeams: list(team),
  setActiveTeam: NullOr(team),
  listTeamMembers: list(teamMember),
  addTeamMember: teamMember,
  removeTeamMember: told,
} satisfies Answers<keyof Teams>;

const roles = {
  createOrgRole: answer({ success: Boolean, roleData: role, statements: permissions }),
  updateOrgRole: answer({ success: Boolean, roleData: role }),
  deleteOrgRole: success,
  listOrgRoles: list(role),
  getOrgRole: role,
  hasPermission: answer({ success: Boolean, error: Null }),
} satisfies Answers<keyof Roles>;

const apiKeys = {
  createApiKey: answer({ ...apiKey.fields, key: String }),
  verifyApiKey: Union([
    answer({ valid: Literal(true), error: Null, key: apiKey }),
    answer({ valid: Literal(false), error: answer({ code: String, message: Unknown }), key: Null }),
  ]),
  getApiKey: apiKey,
  listApiKeys: answer({
    apiKeys: list(apiKey),
    total: Number,
    limit: Union([Number, Undefined]),
    offset: Union([Number, Undefined]),
  }),
  updateApiKey: apiKey,
  deleteApiKey: success,
  deleteAllExpiredApiKeys: answer({ success: Boolean, error: Unknown }),
} satisfies Answers<keyof ApiKeys>;

const administration = {
  createUser: answer({ user }),
  getUser: user,
  listUsers: answer({ users: list(user), total: Number, limit: optional(Number), offset: optional(Number) }),
  adminUpdateUser: user,
  setRole: answer({ user }),
  setUserPassword: done,
  banUser: answer({ user }),
  unbanUser: answer({ user }),
  removeUser: success,
  userHasPermission: answer({ success: Boolean, error: Null }),
  listUserSessions: answer({ sessions: list(session) }),
  revokeUserSession: success,
  revokeUserSessions: success,
  impersonateUser: answer({ session, user }),
  stopImpersonating: answer({ session, user }),
} satisfies Answers<keyof Administration>;

const answers = {
  ...accounts,
  ...sessions,
  ...twoFactor,
  ...organizations,
  ...invitations,
  ...teams,
  ...roles,
  ...apiKeys,
  ...administration,
};

const { password } = IamTest;

layer(database, { excludeTestServices: true })((it) => {
  it.effect("AUTH-1: every operation of Better Auth is declared, or left out for a reason", () =>
    Effect.gen(function* () {
      const { api } = yield* betterAuth();
      const known = [answers, leftOut, ...plugins.flatMap((plugin) => [plugin.answers, plugin.leftOut])];
      assert.deepStrictEqual(known.flatMap((names) => Object.keys(names)).toSorted(), Object.keys(api).toSorted());
    }),
  );

  it.effect("AUTH-1: operations on accounts answer what their types say", () =>
    verified(
      accounts,
      Effect.fnUntraced(function* (api) {
        const body = { name: "Ann", email: "ann@example.com", password };
        yield* api.signUpEmail({ body });
        yield* mailedTo(body.email);
        // Once more: the answer for an address that is known; and the form with headers.
        yield* api.signUpEmail({ body, returnHeaders: true });
        yield* api.sendVerificationEmail({ body: { email: body.email } });
        yield* api.verifyEmail({ query: { token: yield* mailedTo(body.email) } });
        yield* api.requestPasswordReset({ body: { email: body.email } });
        yield* api.resetPassword({ body: { token: yield* mailedTo(body.email), newPassword: password } });
        const headers = yield* IamTest.signedIn(body.email);
        yield* api.verifyPassword({ headers, body: { password } });
        yield* api.listUserAccounts({ headers });
        yield* api.updateUser({ headers, body: { name: "Anne", image: "https://example.com/ann.png" } });
        yield* api.getSession({ headers });
        const change = { currentPassword: password, newPassword: password };
        yield* api.changePassword({ headers, body: change });
        const begun = yield* api.changePassword({
          headers,
          body: { ...change, revokeOtherSessions: true },
          returnHeaders: true,
        });
        assert.isNull(yield* api.getSession({ headers }));
        const current = yield* api.getSession({ headers: browsing(begun.headers, headers) });
        assert.strictEqual(current?.session.token, begun.response.token);
      }),
    ),
  );

  it.effect("AUTH-1: operations on sessions answer what their types say", () =>
    verified(
      sessions,
      Effect.fnUntraced(function* (api) {
        const { email, headers } = yield* person("bob");
        yield* api.signInEmail({ body: { email, password } });
        yield* api.signInEmail({ body: { email, password, rememberMe: false, callbackURL: "/" } });
        const signedIn = yield* api.signInEmail({ body: { email, password }, returnHeaders: true });
        const there = browsing(signedIn.headers);
        const current = yield* api.getSession({ headers: there, query: { disableRefresh: true } });
        assert.strictEqual(current?.user.email, email);
        const [first] = yield* api.listSessions({ headers });
        yield* api.revokeSession({ headers, body: { token: first?.token ?? "" } });
        const last = yield* api.signInEmail({ body: { email, password }, returnHeaders: true });
        const here = browsing(last.headers);
        yield* api.revokeOtherSessions({ headers: here });
        assert.isNull(yield* api.getSession({ headers: there }));
        const out = yield* api.signOut({ headers: here, returnHeaders: true });
        assert.notInclude(browsing(out.headers, here).get("cookie"), "session_token=");
        const again = yield* IamTest.signedIn(email);
        const revoked = yield* api.revokeSessions({ headers: again, returnHeaders: true });
        assert.notInclude(browsing(revoked.headers, again).get("cookie"), "session_token=");
        const gone = yield* api.getSession({ headers: new Headers(), returnHeaders: true });
        assert.isNull(gone.response);
      }),
    ),
  );

  it.effect("AUTH-1: operations on the second factor answer what their types say", () =>
    verified(
      twoFactor,
      Effect.fnUntraced(function* (api) {
        const { id, email, headers } = yield* person("cat");
        const enabling = yield* api.enableTwoFactor({ headers, body: { password } });
        const { totpURI } = yield* api.getTOTPURI({ headers, body: { password } });
        assert.strictEqual(totpURI, enabling.totpURI);
        const enabled = yield* api.verifyTOTP({ headers, body: { code: codeNow(totpURI) }, returnHeaders: true });
        // The answer speaks of the session that has ended; the cookies hold the new one.
        assert.isFalse(enabled.response.user.twoFactorEnabled);
        assert.isNull(yield* api.getSession({ headers }));
        const here = browsing(enabled.headers, headers);
        const current = yield* api.getSession({ headers: here });
        assert.isTrue(current?.user.twoFactorEnabled);

        const { backupCodes } = yield* api.generateBackupCodes({ headers: here, body: { password } });
        const viewed = yield* api.viewBackupCodes({ body: { userId: id } });
        assert.deepStrictEqual(viewed.backupCodes, backupCodes);
        const [first = "", second = ""] = backupCodes;

        const waiting = Effect.gen(function* () {
          const begun = yield* api.signInEmail({ body: { email, password }, returnHeaders: true });
          assert.isTrue("twoFactorRedirect" in begun.response);
          return browsing(begun.headers);
        });
        const byApp = yield* waiting;
        const code = codeNow(totpURI);
        const viaApp = yield* api.verifyTOTP({
          headers: byApp,
          body: { code, trustDevice: true },
          returnHeaders: true,
        });
        const trusted = browsing(viaApp.headers, byApp);
        assert.strictEqual((yield* api.getSession({ headers: trusted }))?.session.token, viaApp.response.token);
        const known = yield* api.signInEmail({ headers: trusted, body: { email, password } });
        assert.isFalse("twoFactorRedirect" in known);

        const body = { code: first, disableSession: true };
        const without = yield* api.verifyBackupCode({ headers: yield* waiting, body });
        assert.isUndefined(without.token);
        const byCode = yield* waiting;
        const viaCode = yield* api.verifyBackupCode({ headers: byCode, body: { code: second }, returnHeaders: true });
        const after = yield* api.getSession({ headers: browsing(viaCode.headers, byCode) });
        assert.strictEqual(after?.session.token, viaCode.response.token);

        const disabled = yield* api.disableTwoFactor({ headers: here, body: { password }, returnHeaders: true });
        const left = yield* api.getSession({ headers: browsing(disabled.headers, here) });
        assert.isFalse(left?.user.twoFactorEnabled);
      }),
    ),
  );

  it.effect("AUTH-1: operations on organizations and members answer what their types say", () =>
    verified(
      organizations,
      Effect.fnUntraced(function* (api) {
        const { headers } = yield* person("dan");
        const eve = yield* person("eve");
        const fay = yield* person("fay");

        // With and without what they may have.
        yield* api.getOrganization({ headers });
        yield* api.getFullOrganization({ headers });
        yield* api.checkOrganizationSlug({ body: { slug: "bare" } });
        const bare = yield* api.createOrganization({ headers, body: { name: "Bare", slug: "bare", logo: null } });
        const full = { name: "Full", slug: "full", logo: "https://example.com/logo.png", metadata: { since: 1999 } };
        const { id: organizationId } = yield* api.createOrganization({ headers, body: full });
        yield* api.createOrganization({ body: { name: "Named", slug: "named", userId: eve.id } });
        yield* api.updateOrganization({ headers, body: { data: { name: "Fuller" }, organizationId } });
        yield* api.updateOrganization({ headers, body: { data: { metadata: { since: 2001 } }, organizationId } });
        yield* api.updateOrganization({ headers, body: { data: { logo: null }, organizationId: bare.id } });
        yield* api.setActiveOrganization({ headers, body: { organizationId: null } });
        yield* api.setActiveOrganization({ headers, body: { organizationSlug: "bare" }, returnHeaders: true });
        yield* api.setActiveOrganization({ headers, body: { organizationId } });
        yield* api.listOrganizations({ headers });
        yield* api.getOrganization({ headers, query: { organizationSlug: "bare" } });

        const [team] = yield* api.listOrganizationTeams({ headers });
        if (team === undefined) return assert.fail("The organization has no team.");
        const joined = yield* api.addMember({
          body: { userId: eve.id, role: "member", organizationId, teamId: team.id },
        });
        yield* api.addMember({ headers, body: { userId: fay.id, role: ["member", "admin"] } });
        yield* api.createInvitation({ headers, body: { email: "gil@example.com", role: "member", teamId: team.id } });
        yield* api.getFullOrganization({ headers, query: { membersLimit: 10 } });
        yield* api.listMembers({ headers });
        const page = { limit: 1, offset: 1, sortBy: "createdAt", sortDirection: "desc" } as const;
        const { total } = yield* api.listMembers({
          headers,
          query: { ...page, filterField: "role", filterOperator: "contains", filterValue: "member" },
        });
        assert.strictEqual(total, 2);
        yield* api.updateMemberRole({ headers, body: { memberId: joined.id, role: ["member", "admin"] } });
        yield* api.getActiveMember({ headers });
        yield* api.getActiveMemberRole({ headers });
        yield* api.getActiveMemberRole({ headers, query: { userId: eve.id, organizationId } });
        yield* api.leaveOrganization({ headers: fay.headers, body: { organizationId } });
        yield* api.removeMember({ headers, body: { memberIdOrEmail: joined.id } });
        yield* api.addMember({ body: { userId: eve.id, role: "member", organizationId } });
        yield* api.removeMember({ headers, body: { memberIdOrEmail: eve.email, organizationId } });
        yield* api.deleteOrganization({ headers, body: { organizationId } });
      }),
    ),
  );

  it.effect("AUTH-1: operations on invitations answer what their types say", () =>
    verified(
      invitations,
      Effect.fnUntraced(function* (api) {
        const { headers } = yield* person("hal");
        const ida = yield* person("ida");
        const { id: organizationId } = yield* api.createOrganization({ headers, body: { name: "I", slug: "invites" } });
        const [team] = yield* api.listOrganizationTeams({ headers });
        const body = { email: ida.email, role: "member", organizationId };
        const { id: cancelled } = yield* api.createInvitation({ headers, body });
        yield* api.createInvitation({ headers, body: { ...body, resend: true } });
        yield* api.cancelInvitation({ headers, body: { invitationId: cancelled } });
        const { id: rejected } = yield* api.createInvitation({ headers, body: { ...body, role: ["member", "admin"] } });
        yield* api.rejectInvitation({ headers: ida.headers, body: { invitationId: rejected } });
        const { id: accepted } = yield* api.createInvitation({
          headers,
          body: { ...body, ...(team && { teamId: team.id }) },
        });
        yield* api.getInvitation({ headers: ida.headers, query: { id: accepted } });
        yield* api.listInvitations({ headers });
        yield* api.listUserInvitations({ headers: ida.headers });
        yield* api.listUserInvitations({ query: { email: ida.email } });
        const accepting = { invitationId: accepted };
        yield* api.acceptInvitation({ headers: ida.headers, body: accepting, returnHeaders: true });
        const current = yield* api.getSession({ headers: ida.headers });
        assert.strictEqual(current?.session.activeOrganizationId, organizationId);
        assert.strictEqual(current?.session.activeTeamId, team?.id);
      }),
    ),
  );

  it.effect("AUTH-1: operations on teams answer what their types say", () =>
    verified(
      teams,
      Effect.fnUntraced(function* (api) {
        const { id, headers } = yield* person("jan");
        const { id: userId } = yield* person("kim");
        const { id: organizationId } = yield* api.createOrganization({ headers, body: { name: "T", slug: "teams" } });
        yield* api.addMember({ body: { userId, role: "member", organizationId } });
        const { id: teamId } = yield* api.createTeam({ headers, body: { name: "Night" } });
        yield* api.createTeam({ body: { name: "Day", organizationId } });
        yield* api.updateTeam({ headers, body: { teamId, data: { name: "Nights" } } });
        yield* api.listOrganizationTeams({ headers, query: { organizationId } });
        yield* api.addTeamMember({ headers, body: { teamId, userId, organizationId } });
        yield* api.addTeamMember({ headers, body: { teamId, userId: id } });
        yield* api.listUserTeams({ headers });
        yield* api.listUserTeams({ headers, query: { userId, organizationId } });
        yield* api.setActiveTeam({ headers, body: { teamId } });
        yield* api.listTeamMembers({ headers });
        yield* api.listTeamMembers({ headers, query: { teamId } });
        yield* api.setActiveTeam({ headers, body: { teamId: null }, returnHeaders: true });
        yield* api.removeTeamMember({ headers, body: { teamId, userId } });
        yield* api.removeTeam({ headers, body: { teamId, organizationId } });
      }),
    ),
  );

  it.effect("AUTH-1: operations on roles answer what their types say", () =>
    verified(
      roles,
      Effect.fnUntraced(function* (api) {
        const { headers } = yield* person("lea");
        const { id: organizationId } = yield* api.createOrganization({ headers, body: { name: "R", slug: "roles" } });
        const body = { role: "editor", permission: { team: ["create"] }, organizationId };
        const { roleData } = yield* api.createOrgRole({ headers, body });
        yield* api.getOrgRole({ headers, query: { roleName: "editor" } });
        yield* api.updateOrgRole({
          headers,
          body: { roleName: "editor", data: { permission: { team: ["create", "update"] } } },
        });
        yield* api.updateOrgRole({ headers, body: { roleId: roleData.id, data: { roleName: "author" } } });
        yield* api.getOrgRole({ headers, query: { roleId: roleData.id, organizationId } });
        yield* api.listOrgRoles({ headers, query: { organizationId } });
        yield* api.hasPermission({ headers, body: { permissions: { team: ["create"] } } });
        yield* api.deleteOrgRole({ headers, body: { roleName: "author" } });
      }),
    ),
  );

  it.effect("AUTH-1: operations on API keys answer what their types say", () =>
    verified(
      apiKeys,
      Effect.fnUntraced(function* (api) {
        const { id: userId, headers } = yield* person("max");
        const { id: organizationId } = yield* api.createOrganization({ headers, body: { name: "K", slug: "keys" } });
        const { key, id } = yield* api.createApiKey({ headers, body: { name: "robot", expiresIn: 86_400 } });
        yield* api.createApiKey({ body: { userId, prefix: "iam_" } });
        const limits = {
          remaining: 9,
          refillAmount: 9,
          refillInterval: 60_000,
          rateLimitMax: 3,
          rateLimitEnabled: true,
        };
        const permissions = { team: ["create"] };
        const limited = yield* api.createApiKey({ body: { userId, permissions, ...limits } });
        const ofOrganization = { configId: "organization", organizationId } as const;
        const shared = yield* api.createApiKey({ headers, body: ofOrganization });
        yield* api.verifyApiKey({ body: { key } });
        yield* api.verifyApiKey({ body: { key: limited.key, permissions } });
        yield* api.verifyApiKey({ body: { key: shared.key, configId: "organization" } });
        yield* api.verifyApiKey({ body: { key: "nonsense" } });
        yield* api.getApiKey({ headers, query: { id } });
        yield* api.getApiKey({ headers, query: { id: shared.id, configId: "organization" } });
        yield* api.listApiKeys({ headers });
        yield* api.listApiKeys({ headers, query: { ...ofOrganization, limit: 1, offset: 0, sortBy: "createdAt" } });
        yield* api.updateApiKey({ headers, body: { keyId: id, name: "Robby", enabled: false, expiresIn: null } });
        yield* api.verifyApiKey({ body: { key } });
        yield* api.updateApiKey({ body: { keyId: id, userId, permissions, ...limits } });
        yield* api.deleteApiKey({ headers, body: { keyId: id } });
        yield* api.deleteAllExpiredApiKeys({});
      }),
    ),
  );

  it.effect("AUTH-1: operations of administrators answer what their types say", () =>
    verified(
      administration,
      Effect.fnUntraced(function* (api) {
        const root = yield* person("root", "admin");
        const { headers } = root;
        const { id: userId, email } = yield* person("ned");
        const ola = yield* api.createUser({
          headers,
          body: { name: "Ola", email: "ola@example.com", role: ["user", "admin"] },
        });
        yield* api.getUser({ headers, query: { id: userId } });
        yield* api.listUsers({ headers, query: {} });
        const page = { limit: 1, offset: 0, sortBy: "email", sortDirection: "asc" } as const;
        const { total } = yield* api.listUsers({
          headers,
          query: {
            ...page,
            searchValue: "ola@",
            searchOperator: "starts_with",
            filterField: "name",
            filterValue: "Ola",
          },
        });
        assert.strictEqual(total, 1);
        yield* api.adminUpdateUser({
          headers,
          body: { userId, data: { name: "Ned", banExpires: null, role: "user" } },
        });
        yield* api.setRole({ headers, body: { userId, role: "user" } });
        yield* api.setUserPassword({ headers, body: { userId: ola.user.id, newPassword: password } });
        yield* api.userHasPermission({ headers, body: { permissions: { user: ["ban"] } } });
        yield* api.userHasPermission({ body: { userId, permissions: { user: ["ban"] } } });
        yield* api.userHasPermission({ body: { role: "admin", permissions: { user: ["ban"] } } });

        const impersonating = yield* api.impersonateUser({ headers, body: { userId }, returnHeaders: true });
        const asNed = browsing(impersonating.headers, headers);
        const current = yield* api.getSession({ headers: asNed });
        assert.deepStrictEqual([current?.user.email, current?.session.impersonatedBy], [email, root.id]);
        const stopped = yield* api.stopImpersonating({ headers: asNed, returnHeaders: true });
        const back = yield* api.getSession({ headers: browsing(stopped.headers, asNed) });
        assert.strictEqual(back?.user.id, root.id);

        const { sessions } = yield* api.listUserSessions({ headers, body: { userId } });
        yield* api.revokeUserSession({ headers, body: { sessionToken: sessions[0]?.token ?? "" } });
        yield* api.revokeUserSessions({ headers, body: { userId } });
        yield* api.banUser({ headers, body: { userId, banReason: "spam", banExpiresIn: 3600 } });
        yield* api.unbanUser({ headers, body: { userId } });
        yield* api.removeUser({ headers, body: { userId } });
      }),
    ),
  );

  for (const { title, answers, scenario } of plugins) {
    it.effect(`AUTH-1: operations of ${title} answer what their types say`, () => verified(answers, scenario));
  }

  it.effect("CRY-5: nothing that any of these operations gave away stands in the database", () =>
    Effect.gen(function* () {
      const dump = yield* everything(yield* connect((yield* TestDatabase).adminUrl));
      // What is no secret is found, so that secrets would be.
      for (const email of ["bob@example.com", "linked@example.com"]) assert.include(dump, email);
      assert.isAbove(gathered.size, 60);
      assert.deepStrictEqual(
        [...gathered].filter((secret) => dump.includes(secret)),
        [],
      );
    }),
  );

  it.effect("AUTH-1: the codes of errors are those of the Better Auth that is installed", () =>
    Effect.gen(function* () {
      const codes: unknown = Reflect.get(yield* betterAuth(), "$ERROR_CODES");
      assert.deepStrictEqual([...betterAuthCodes].toSorted(), Object.keys(Object(codes)).toSorted());
    }),
  );
});
