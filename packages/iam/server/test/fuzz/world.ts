/** People, an organization and all that belongs to it, of which requests speak; made anew whenever they are worn. */
import { createHash } from "node:crypto";
import { Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { createEmailVerificationToken } from "better-auth/api";
import { hashPassword, makeSignature } from "better-auth/crypto";
import * as Effect from "effect/Effect";
import { makeAdapter } from "../../src/auth/adapter.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { granted, signedUp, text } from "../auth/browser.ts";
import { betterAuth } from "../auth/control.ts";
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
  "nobody",
] as const;
export type Actor = (typeof actors)[number];

export interface World {
  /** The cookies by which each is signed in. */
  readonly cookies: Readonly<Record<Actor, string>>;
  /** What exists, by the names that fields have for it. */
  readonly values: Readonly<Record<string, ReadonlyArray<unknown>>>;
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
  const services = yield* Effect.context<Auth.Auth>();
  const { handler } = yield* Auth.Auth;
  const auth = yield* betterAuth();
  const adapter = makeAdapter(connection)(auth.options);
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

  let made = 0;
  const make = async (): Promise<World> => {
    const mark = `w${++made}`;
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
      await create("account", { accountId: id, providerId: "credential", userId: id, password, ...stamps });
      return { id, email };
    };
    const session = async (userId: string, more: Record<string, unknown> = {}) => {
      const token = `${mark}-${crypto.randomUUID()}`;
      const { id } = await create("session", { token, userId, expiresAt: later, ...stamps, ...more });
      return { id, token, cookie: `better-auth.session_token=${await signed(token)}` };
    };

    const [owner, administrator, member, guest, guarded, banned, fresh] = await Promise.all([
      person("owner"),
      person("administrator", { role: "admin" }),
      person("member"),
      person("guest"),
      person("guarded", { twoFactorEnabled: true }),
      person("banned", { banned: true, banReason: "spam" }),
      person("fresh", { emailVerified: false }),
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
        { configId: "default", referenceId: owner.id },
        { configId: "organization", referenceId: organization.id },
      ].map((of) =>
        create("apikey", {
          ...of,
          key: crypto.randomUUID(),
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
      create("verification", { identifier: `reset-password:${reset}`, value: guest.id, expiresAt: later, ...stamps }),
      create("verification", { identifier: challenge, value: guarded.id, expiresAt: later, ...stamps }),
      create("verification", { identifier: `2fa-attempts-${challenge}`, value: "0", expiresAt: later, ...stamps }),
    ]);
    const [bySession, byAdministrator, byMember, byGuest, byGuarded, byBanned, byExpired, spare] = await Promise.all([
      session(owner.id, active),
      session(administrator.id),
      session(member.id, active),
      session(guest.id),
      session(guarded.id),
      session(banned.id),
      session(member.id, { expiresAt: earlier }),
      session(member.id, active),
    ]);
    const client = `client-${mark}`;
    const scopes = ["openid", "offline_access"];
    const redirect = "https://client.example.com/callback";
    const opaque = crypto.randomUUID();
    const device = (status: string) => ({
      deviceCode: `${status}-${mark}`,
      userCode: crypto.randomUUID(),
      status,
      userId: owner.id,
      clientId: "television",
      expiresAt: later,
      ...stamps,
    });
    const waiting = device("pending");
    const approved = device("approved");
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
    return {
      cookies: {
        owner: bySession.cookie,
        administrator: byAdministrator.cookie,
        member: byMember.cookie,
        guest: byGuest.cookie,
        guarded: byGuarded.cookie,
        challenged: `better-auth.two_factor=${await signed(challenge)}`,
        banned: byBanned.cookie,
        expired: byExpired.cookie,
        impersonating: `${impersonating.cookie}; ${admin}`,
        nobody: "",
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
        roleName: ["editor"],
        role: ["member", "user", "auditor"],
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
