/** People, an organization and all that belongs to it, of which requests speak; made anew whenever they are worn. */
import { createHash } from "node:crypto";
import { AccessControl } from "@beep/iam-domain";
import { Auth, Tenancy, Webhooks } from "@beep/iam-server";
import { Principal, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { createEmailVerificationToken } from "better-auth/api";
import { hashPassword, makeSignature } from "better-auth/crypto";
import * as Effect from "effect/Effect";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { makeAdapter } from "../../src/auth/adapter.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { authenticator } from "../auth/authenticator.ts";
import { granted, open, organizationOf, signedUp, text } from "../auth/browser.ts";
import { betterAuth } from "../auth/control.ts";
import {
  connected,
  directoryBy,
  groupOf,
  MEDIA_TYPE,
  made as madeBy,
  patchOf,
  USER,
  userOf,
} from "../auth/directory.ts";
import { means } from "../auth/means.ts";
import { mailedCode } from "../auth/operations/mailedSignIns.ts";
import { signedMessage } from "../auth/siwe.ts";
import { oidcConfig } from "../auth/sso/idleProvider.ts";
import { keyPair, samlProvider } from "../auth/sso/samlProvider.ts";
import { codeNow } from "../auth/totp.ts";

/** Who sends a request. */
export const actors = [
  "owner",
  "administrator",
  "member",
  "guest",
  "guarded",
  "challenged",
  "impersonating",
  "banned",
  "expired",
  "anonymous",
  "application",
  "directory",
  "robot",
  "nobody",
] as const;
export type Actor = (typeof actors)[number];

export interface World {
  /** The headers by which each is known. */
  readonly headers: Readonly<Record<Actor, Readonly<Record<string, string>>>>;
  /** What exists, by the names that fields have for it. */
  readonly values: Readonly<Record<string, ReadonlyArray<unknown>>>;
  /** What belongs together, by the names of routes. */
  readonly together: Readonly<Record<string, Together>>;
}

/** What a route is granted by, where chance would not find it. */
export interface Together {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

const HOUR = 3_600_000;

/** As Better Auth keeps what OAuth clients present. */
const hashed = (value: string): string => createHash("sha256").update(value).digest("base64url");

/** The signed value of a cookie. */
const signed = async (value: string): Promise<string> =>
  encodeURIComponent(`${value}.${await makeSignature(value, IamTest.secret)}`);

/** Prepares what all worlds have in common, and makes them. */
export const worlds = Effect.gen(function* () {
  const connection = yield* ServiceConnection;
  const services = yield* Effect.context<Auth.Auth | Webhooks.Webhooks | ServiceConnection>();
  const { handler } = yield* Auth.Auth;
  const auth = yield* betterAuth();
  const adapter = makeAdapter(connection, yield* means)(auth.options);
  const password = yield* Effect.promise(() => hashPassword(IamTest.password));

  // One person's second factor by the book, of which the others' are copies.
  const first = yield* signedUp("first");
  const enabled = granted(yield* first.post("/two-factor/enable", { password: IamTest.password }));
  const totp = text(enabled, "totpURI");
  granted(yield* first.post("/two-factor/verify-totp", { code: codeNow(totp) }));
  const factor = yield* Effect.promise(() =>
    adapter.findOne<{ secret: string; backupCodes: string }>({
      model: "twoFactor",
      where: [{ field: "userId", value: first.id }],
    }),
  );

  // A code by the book, too: it is kept with the server's key.
  granted(yield* (yield* open).post("/email-otp/send-verification-otp", { email: first.email, type: "sign-in" }));
  const otp = yield* mailedCode(first.email);
  const kept = yield* Effect.promise(() =>
    adapter.findOne<{ value: string }>({
      model: "verification",
      where: [{ field: "identifier", value: `sign-in-otp-${first.email}` }],
    }),
  );

  const device = authenticator();
  const wanted = Object(granted(yield* first.get("/passkey/generate-register-options")));
  granted(yield* first.post("/passkey/verify-registration", { response: device.create(wanted) }));

  // A directory's connection, and what it has provisioned; the first of each is there to be deleted.
  const company = yield* organizationOf(first, "company");
  const { token: directoryToken } = yield* connected(SharedEntityIds.OrganizationId.make(company.id));
  const send = directoryBy(
    (request) => Effect.runPromiseWith(services)(handler(request)),
    "http://localhost:3000",
    directoryToken,
    MEDIA_TYPE,
  );
  const [spareUser = "", user = ""] = yield* Effect.forEach(["spare", "assigned"], (name) =>
    Effect.map(send("POST", "/Users", userOf(name)), madeBy),
  );
  const [spareGroup = "", group = ""] = yield* Effect.forEach(["spare", "assigned"], (name) =>
    Effect.map(send("POST", "/Groups", groupOf(name)), madeBy),
  );

  const saml = samlProvider("https://saml.example", yield* keyPair("saml.example"));

  let made = 0;
  const make = async (): Promise<World> => {
    const mark = `w${++made}`;
    const phoneNumber = `+49${String(15_110_000_000 + made)}`;
    const username = `ann_${mark}`;
    const later = new Date(Date.now() + HOUR);
    const earlier = new Date(Date.now() - HOUR);
    const now = new Date();
    const stamps = { createdAt: now, updatedAt: now };
    const create = (model: string, data: Record<string, unknown>) =>
      adapter.create<Record<string, unknown>, { id: string }>({ model, data });

    const person = async (name: string, more: Record<string, unknown> = {}) => {
      const email = `${name}-${mark}@example.com`;
      const user = { name, email, emailVerified: true, role: "user", banned: false, twoFactorEnabled: false };
      const { id } = await create("user", { ...user, ...more, ...stamps });
      if (more.isAnonymous !== true)
        await create("account", { accountId: id, providerId: "credential", userId: id, password, ...stamps });
      return { id, email };
    };
    const session = async (userId: string, more: Record<string, unknown> = {}) => {
      const token = `${mark}-${crypto.randomUUID()}`;
      const { id } = await create("session", { token, userId, expiresAt: later, ...stamps, ...more });
      return { id, token, cookie: `better-auth.session_token=${await signed(token)}` };
    };

    const [owner, administrator, member, guest, guarded, banned, fresh, anonymous] = await Promise.all([
      person("owner"),
      person("administrator", { role: "admin" }),
      person("member"),
      person("guest", { phoneNumber, phoneNumberVerified: true, username, displayUsername: username }),
      person("guarded", { twoFactorEnabled: true }),
      person("banned", { banned: true, banReason: "spam" }),
      person("fresh", { emailVerified: false }),
      person("anonymous", { isAnonymous: true }),
    ]);
    const slug = `acme-${mark}`;
    const organization = await create("organization", { name: "Acme", slug, createdAt: now });
    const inOrganization = { organizationId: organization.id, createdAt: now };
    const [team, other, , memberRow] = await Promise.all([
      create("team", { name: "Day", ...inOrganization, updatedAt: now }),
      create("team", { name: "Night", ...inOrganization, updatedAt: now }),
      create("member", { userId: owner.id, role: "owner", ...inOrganization }),
      create("member", { userId: member.id, role: "member", ...inOrganization }),
    ]);
    const active = { activeOrganizationId: organization.id, activeTeamId: team.id };
    const reset = `reset-${crypto.randomUUID()}`;
    const challenge = `2fa-${crypto.randomUUID()}`;
    const [registering, authenticating, oneTime] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
    const nonce = crypto.randomUUID().replaceAll("-", "");
    const verification = (identifier: string, value: unknown) =>
      create("verification", { identifier, value, expiresAt: later, ...stamps });
    const robot = crypto.randomUUID();
    const [invitation, role, key, organizationKey] = await Promise.all([
      create("invitation", {
        email: guest.email,
        role: "member",
        status: "pending",
        expiresAt: later,
        inviterId: owner.id,
        ...inOrganization,
      }),
      create("organizationRole", {
        role: "editor",
        permission: JSON.stringify({ invitation: ["create"] }),
        ...inOrganization,
      }),
      ...[
        { configId: "default", referenceId: owner.id, key: crypto.randomUUID() },
        {
          configId: "organization",
          referenceId: organization.id,
          key: hashed(robot),
          permissions: JSON.stringify(AccessControl.statements),
        },
      ].map((of) =>
        create("apikey", {
          ...of,
          enabled: true,
          rateLimitEnabled: false,
          requestCount: 0,
          ...stamps,
        }),
      ),
      create("teamMember", { teamId: team.id, userId: owner.id, createdAt: now }),
      create("teamMember", { teamId: team.id, userId: member.id, createdAt: now }),
      create("twoFactor", {
        userId: guarded.id,
        secret: factor?.secret,
        backupCodes: factor?.backupCodes,
        verified: true,
      }),
      verification(`reset-password:${reset}`, guest.id),
      verification(challenge, guarded.id),
      verification(`2fa-attempts-${challenge}`, "0"),
      ...["sign-in", "forget-password"].map((purpose) => verification(`${purpose}-otp-${guest.email}`, kept?.value)),
      verification(`email-verification-otp-${fresh.email}`, kept?.value),
      verification(`phone-number-otp-${phoneNumber}`, "123456:0"),
      verification(`phone-number-reset-${phoneNumber}`, "123456:0"),
      verification(`siwe:${nonce}`, nonce),
      verification(
        registering,
        JSON.stringify({ type: "registration", expectedChallenge: wanted.challenge, userData: { id: owner.id } }),
      ),
      verification(
        authenticating,
        JSON.stringify({ type: "authentication", expectedChallenge: wanted.challenge, userData: { id: "" } }),
      ),
    ]);
    const [bySession, byAdministrator, byMember, byGuest, byGuarded, byBanned, byExpired, byAnonymous, spare] =
      await Promise.all([
        session(owner.id, active),
        session(administrator.id),
        session(member.id, active),
        session(guest.id),
        session(guarded.id),
        session(banned.id),
        session(member.id, { expiresAt: earlier }),
        session(anonymous.id),
        session(member.id, active),
      ]);
    const oidc = { providerId: `oidc-${mark}`, issuer: "https://oidc.example", domain: `oidc-${mark}.example` };
    const samlProviderId = `saml-${mark}`;
    const samlConfig = {
      entryPoint: "https://saml.example/sign-in",
      wantAssertionsSigned: true,
      idpMetadata: { metadata: saml.metadata },
    };
    const [passkey, linked] = await Promise.all([
      create("passkey", {
        name: "phone",
        publicKey: "",
        userId: owner.id,
        credentialID: crypto.randomUUID(),
        counter: 0,
        deviceType: "singleDevice",
        backedUp: false,
        createdAt: now,
      }),
      create("account", { accountId: mark, providerId: oidc.providerId, userId: owner.id, ...stamps }),
      verification(`one-time-token:${hashed(oneTime)}`, spare.token),
      create("ssoProvider", {
        ...oidc,
        organizationId: organization.id,
        userId: owner.id,
        domainVerified: true,
        oidcConfig: JSON.stringify({ ...oidcConfig, issuer: oidc.issuer, pkce: true, discoveryEndpoint: oidc.issuer }),
      }),
      create("ssoProvider", {
        providerId: samlProviderId,
        issuer: "https://saml.example",
        domain: `saml-${mark}.example`,
        organizationId: organization.id,
        userId: owner.id,
        domainVerified: false,
        samlConfig: JSON.stringify(samlConfig),
      }),
    ]);
    const client = `client-${mark}`;
    const scopes = ["openid", "offline_access"];
    const redirect = "https://client.example.com/callback";
    const opaque = crypto.randomUUID();
    const deviceCode = (status: string) => ({
      deviceCode: `${status}-${mark}`,
      userCode: crypto.randomUUID(),
      status,
      userId: owner.id,
      clientId: "television",
      expiresAt: later,
      ...stamps,
    });
    const waiting = deviceCode("pending");
    const approved = deviceCode("approved");
    await create("oauthClient", {
      clientId: client,
      clientSecret: hashed(client),
      referenceId: "installation",
      redirectUris: [redirect],
      grantTypes: ["authorization_code", "refresh_token", "client_credentials"],
      responseTypes: ["code"],
      tokenEndpointAuthMethod: "client_secret_post",
      clientCredentialsScopes: ["orders:read"],
      ...stamps,
    });
    const granting = { clientId: client, userId: owner.id, scopes, ...stamps };
    const [consent] = await Promise.all([
      create("oauthConsent", { ...granting, clientId: client }),
      create("oauthAccessToken", { ...granting, token: hashed(opaque), sessionId: bySession.id, expiresAt: later }),
      create("oauthRefreshToken", { ...granting, token: hashed(opaque), sessionId: bySession.id, expiresAt: later }),
      create("deviceCode", waiting),
      create("deviceCode", approved),
    ]);
    // By which a page sends back that it was led there.
    const asked = new URLSearchParams({
      response_type: "code",
      client_id: client,
      redirect_uri: redirect,
      scope: "openid profile",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    });
    const led = await Effect.runPromiseWith(services)(
      handler(
        new Request(`http://localhost:3000/api/auth/oauth2/authorize?${asked}`, {
          headers: { cookie: bySession.cookie },
        }),
      ),
    );
    const pageQuery = (led.headers.get("location") ?? "").replace(/^[^?]*\?/, "");
    const impersonating = await session(member.id, { impersonatedBy: administrator.id });
    const admin = `better-auth.admin_session=${await signed(`${byAdministrator.token}:`)}`;
    const unused = `new-${mark}`;
    const permission = { invitation: ["create"] };
    const several = `better-auth.session_token_multi-${spare.token.toLowerCase()}=${await signed(spare.token)}`;
    const cookie = (...cookies: ReadonlyArray<string>) => ({ cookie: cookies.join("; ") });
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const asking = async (id: string) => `better-auth.better-auth-passkey=${await signed(id)}`;
    const account = privateKeyToAccount(generatePrivateKey());
    const webhook = await Effect.runPromiseWith(services)(
      Tenancy.as(
        Principal.system("fuzz"),
        SharedEntityIds.OrganizationId.make(organization.id),
      )(
        Effect.flatMap(Webhooks.Webhooks, ({ create }) =>
          create({ url: "https://hooks.example.com/", actions: ["*"] }),
        ),
      ),
    );
    return {
      headers: {
        owner: cookie(bySession.cookie, several, await asking(registering)),
        administrator: cookie(byAdministrator.cookie),
        member: cookie(byMember.cookie),
        guest: cookie(byGuest.cookie, await asking(authenticating)),
        guarded: cookie(byGuarded.cookie),
        challenged: cookie(`better-auth.two_factor=${await signed(challenge)}`),
        banned: cookie(byBanned.cookie),
        expired: cookie(byExpired.cookie),
        impersonating: cookie(impersonating.cookie, admin),
        anonymous: cookie(byAnonymous.cookie),
        application: bearer(`iam_at_${opaque}`),
        directory: bearer(directoryToken),
        robot: { "x-api-key": robot },
        nobody: {},
      },
      together: {
        "POST /api/auth/unlink-account": { body: { accountId: linked.id } },
        "POST /api/auth/api-key/update": { body: { keyId: key?.id, name: "robot" } },
        "POST /api/auth/oauth2/token": {
          body: {
            grant_type: "client_credentials",
            client_id: client,
            client_secret: `iam_cs_${client}`,
            scope: "orders:read",
            resource: undefined,
            client_assertion: undefined,
            client_assertion_type: undefined,
          },
        },
        "POST /api/auth/sign-in/email-otp": { body: { email: guest.email, otp } },
        "POST /api/auth/email-otp/check-verification-otp": { body: { email: guest.email, otp, type: "sign-in" } },
        "POST /api/auth/email-otp/verify-email": { body: { email: fresh.email, otp } },
        "POST /api/auth/email-otp/reset-password": { body: { email: guest.email, otp } },
        "POST /api/auth/sign-in/phone-number": { body: { phoneNumber } },
        "POST /api/auth/phone-number/verify": { body: { phoneNumber, code: "123456" } },
        "POST /api/auth/phone-number/reset-password": { body: { phoneNumber, otp: "123456" } },
        "POST /api/auth/sign-in/username": { body: { username } },
        "POST /api/auth/multi-session/set-active": { body: { sessionToken: spare.token } },
        "POST /api/auth/multi-session/revoke": { body: { sessionToken: spare.token } },
        "POST /api/auth/one-time-token/verify": { body: { token: oneTime } },
        "POST /api/auth/passkey/verify-registration": { body: { response: authenticator().create(wanted) } },
        "POST /api/auth/passkey/verify-authentication": {
          body: { response: device.get({ challenge: wanted.challenge, rpId: "localhost" }) },
        },
        "POST /api/auth/passkey/delete-passkey": { body: { id: passkey.id } },
        "POST /api/auth/passkey/update-passkey": { body: { id: passkey.id } },
        "POST /api/auth/siwe/verify": {
          body: await Effect.runPromiseWith(services)(signedMessage(account, { nonce })),
        },
        "POST /api/auth/scim/v2/Users": { body: userOf(mark) },
        "PUT /api/auth/scim/v2/Users/:userId": { params: { userId: user }, body: userOf("assigned") },
        "PATCH /api/auth/scim/v2/Users/:userId": {
          params: { userId: user },
          body: patchOf({ op: "replace", path: "displayName", value: mark }),
        },
        "GET /api/auth/scim/v2/Users/:userId": { params: { userId: user } },
        "DELETE /api/auth/scim/v2/Users/:userId": { params: { userId: spareUser } },
        "GET /api/auth/scim/v2/Users": { query: { filter: 'userName eq "assigned@example.com"' } },
        "POST /api/auth/scim/v2/Groups": { body: groupOf(mark, [user]) },
        "PUT /api/auth/scim/v2/Groups/:groupId": { params: { groupId: group }, body: groupOf("assigned", [user]) },
        "PATCH /api/auth/scim/v2/Groups/:groupId": {
          params: { groupId: group },
          body: patchOf({ op: "add", path: "members", value: [{ value: user }] }),
        },
        "GET /api/auth/scim/v2/Groups/:groupId": { params: { groupId: group } },
        "DELETE /api/auth/scim/v2/Groups/:groupId": { params: { groupId: spareGroup } },
        "GET /api/auth/scim/v2/Groups": { query: { filter: 'displayName eq "assigned"' } },
        "GET /api/auth/scim/v2/Schemas/:schemaId": { params: { schemaId: USER } },
        "GET /api/auth/scim/v2/ResourceTypes/:resourceTypeId": { params: { resourceTypeId: "User" } },
        "GET /api/auth/sso/saml2/sp/metadata": { query: { providerId: samlProviderId } },
        "POST /api/auth/sso/register": {
          body: {
            providerId: `new-${mark}`,
            issuer: "https://new.example",
            domain: `new-${mark}.example`,
            organizationId: organization.id,
            oidcConfig,
            samlConfig: undefined,
          },
        },
        "POST /api/auth/sign-in/sso": { body: { providerId: oidc.providerId } },
        "POST /api/auth/sso/update-provider": {
          body: { providerId: oidc.providerId, domain: `other-${mark}.example`, oidcConfig: { scopes: ["openid"] } },
        },
        "POST /api/auth/sso/request-domain-verification": { body: { providerId: samlProviderId } },
      },
      values: {
        name: ["Ann", "Acme"],
        email: [member.email, `${unused}@example.com`, fresh.email, guest.email],
        newEmail: [`${unused}@example.com`],
        password: [IamTest.password],
        currentPassword: [IamTest.password],
        newPassword: ["another horse battery staple"],
        token: [
          spare.token,
          reset,
          await createEmailVerificationToken(IamTest.secret, fresh.email, undefined, 3600, { userId: fresh.id }),
        ],
        sessionToken: [spare.token],
        client_id: [client, client, "television"],
        client_secret: [`iam_cs_${client}`],
        access_token: [`iam_at_${opaque}`],
        refresh_token: [`iam_rt_${opaque}`],
        grant_type: ["client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
        scope: ["orders:read", "openid"],
        scopes: [["openid"]],
        redirect_uris: [[redirect]],
        redirect_uri: [redirect],
        oauth_query: [pageQuery],
        user_code: [waiting.userCode],
        userCode: [waiting.userCode],
        device_code: [approved.deviceCode],
        code: [codeNow(totp), text(enabled, "backupCodes", made % 10)],
        username: [unused.replace("-", "_"), username],
        phoneNumber: [phoneNumber],
        providerId: [oidc.providerId, samlProviderId, "credential"],
        image: ["https://example.com/a.png"],
        logo: ["https://example.com/a.png"],
        callbackURL: ["/", "http://localhost:3000/after"],
        redirectTo: ["/"],
        errorCallbackURL: ["/error"],
        newUserCallbackURL: ["/new"],
        organizationId: [organization.id],
        organizationSlug: [slug],
        slug: [unused, slug],
        userId: [member.id, guest.id, guarded.id],
        memberId: [memberRow.id],
        memberIdOrEmail: [memberRow.id, member.email],
        teamId: [team.id, other.id],
        invitationId: [invitation.id],
        roleId: [role.id],
        webhookId: [webhook.id],
        url: ["https://hooks.example.com/"],
        actions: [["*"], ["member.created", "team.*"]],
        enabled: [true],
        overlapHours: [0, 24],
        state: ["pending", "dead"],
        roleName: ["editor"],
        role: ["member", "user", "auditor"],
        roles: [["member"], ["admin", "editor"]],
        teamIds: [[team.id], [team.id, other.id]],
        order: ["oldest", "newest"],
        keyId: [key?.id],
        configId: ["default", "organization"],
        id: [invitation.id, key?.id, organizationKey?.id, member.id, consent.id],
        accountId: [member.id],
        provider: ["google"],
        permission: [permission],
        permissions: [permission],
        metadata: [{ plan: "free" }],
        data: [{ name: "Ann" }],
        limit: ["10"],
        offset: ["0"],
        membersLimit: ["10"],
        sortBy: ["createdAt", "name"],
        sortDirection: ["asc", "desc"],
        filterField: ["email", "role"],
        filterOperator: ["eq", "ne"],
        filterValue: ["user"],
        prefix: ["ab"],
        expiresIn: [86_400 * 2],
        banExpiresIn: [3600],
        method: ["totp"],
        issuer: ["Acme"],
      },
    };
  };
  return make;
});
