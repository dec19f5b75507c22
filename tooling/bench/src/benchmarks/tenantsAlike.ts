/**
 * Whether the time of an answer tells that another tenant has something: requests of a user who owns an organization, each
 * about something of another organization, and about what nobody has. On the services as an installation has them, but for
 * the limits on requests, which a thousand calls would meet.
 */
import { Auth } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Logger from "effect/Logger";
import type { Comparison } from "../Benchmark.ts";
import { baseUrl, makeServices } from "../services.ts";

/** A provider that nobody signs in by. */
const oidcConfig = {
  clientId: "iam",
  clientSecret: "a secret",
  skipDiscovery: true,
  authorizationEndpoint: "https://8.8.8.8/authorize",
  tokenEndpoint: "https://8.8.8.8/token",
  jwksEndpoint: "https://8.8.8.8/jwks",
};

/** What is asked, with what of another tenant's, or of nobody's. */
interface Call {
  readonly name: string;
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly status: number;
  readonly field: string;
  readonly theirs: string;
  readonly nobodys: () => string;
  readonly rest?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

export const tenantsAlike: Comparison = {
  name: "tenants-alike",
  description: "What is another tenant's, and what nobody has: answered as fast as each other?",
  setUp: Effect.gen(function* () {
    const { api, handler } = Context.get(yield* makeServices({ IAM_PLUGINS: "sso" }), Auth.Auth);

    /** Somebody who owns an organization, and is signed in. */
    const owner = Effect.fnUntraced(function* (name: string) {
      const account = { email: `${name}@example.com`, password: "correct horse battery staple" };
      const { user } = yield* api.createUser({ body: { ...account, name, data: { emailVerified: true } } });
      const signedIn = yield* api.signInEmail({ body: account, returnHeaders: true });
      const cookie = signedIn.headers
        .getSetCookie()
        .map((one) => one.replace(/;.*/, ""))
        .join("; ");
      const headers = new Headers({ cookie, origin: baseUrl });
      const organization = yield* api.createOrganization({ headers, body: { name, slug: name } });
      return { user, headers, organization };
    });
    const caller = yield* owner("caller");
    const { headers, organization, user } = yield* owner("other");
    const organizationId = organization.id;
    const members = yield* api.listMembers({ headers, query: { organizationId } });
    const teams = yield* api.listOrganizationTeams({ headers, query: { organizationId } });
    const invitation = yield* api.createInvitation({
      headers,
      body: { organizationId, email: user.email.replace("other", "invited"), role: "member" },
    });
    const key = yield* api.createApiKey({ headers, body: { configId: "organization", organizationId } });
    const provider = { providerId: "others", issuer: "https://oidc.example", domain: "other.example", organizationId };
    yield* api.registerSSOProvider({ headers, body: { ...provider, oidcConfig } });

    const first = (ids: ReadonlyArray<{ readonly id: string }>): string => ids[0]?.id ?? "";
    const ofOrganization = {
      field: "organizationId",
      theirs: organizationId,
      nobodys: SharedEntityIds.OrganizationId.create,
    };
    const ofTeam = { field: "teamId", theirs: first(teams), nobodys: SharedEntityIds.TeamId.create };
    const ofInvitation = { field: "invitationId", theirs: invitation.id, nobodys: IamEntityIds.InvitationId.create };
    const ofMember = { theirs: first(members.members), nobodys: IamEntityIds.MemberId.create };
    const calls: ReadonlyArray<Call> = [
      {
        name: "an organization",
        method: "GET",
        path: "/organization/get-full-organization",
        status: 404,
        ...ofOrganization,
      },
      {
        name: "an organization's members",
        method: "GET",
        path: "/organization/list-members",
        status: 404,
        ...ofOrganization,
      },
      {
        name: "changing an organization",
        path: "/organization/update",
        status: 404,
        ...ofOrganization,
        rest: { data: { name: "Mine" } },
      },
      {
        name: "a member's role",
        path: "/organization/update-member-role",
        status: 400,
        field: "memberId",
        ...ofMember,
        rest: { role: "admin" },
      },
      {
        name: "removing a member",
        path: "/organization/remove-member",
        status: 400,
        field: "memberIdOrEmail",
        ...ofMember,
      },
      {
        name: "a team's name",
        path: "/organization/update-team",
        status: 400,
        ...ofTeam,
        rest: { data: { name: "Mine" } },
      },
      { name: "a team's members", method: "GET", path: "/organization/list-team-members", status: 400, ...ofTeam },
      { name: "cancelling an invitation", path: "/organization/cancel-invitation", status: 400, ...ofInvitation },
      { name: "accepting an invitation", path: "/organization/accept-invitation", status: 400, ...ofInvitation },
      {
        name: "an organization's key",
        method: "GET",
        path: "/api-key/get",
        status: 404,
        field: "id",
        theirs: key.id,
        nobodys: IamEntityIds.ApiKeyId.create,
        rest: { configId: "organization" },
      },
      {
        name: "an identity provider",
        method: "GET",
        path: "/sso/get-provider",
        status: 404,
        field: "providerId",
        theirs: "others",
        nobodys: () => "nobody",
      },
    ];

    const ask = ({ field, method = "POST", path, rest, status }: Call, thing: () => string) =>
      Effect.gen(function* () {
        const said = { ...rest, [field]: thing() };
        const query = new URLSearchParams(
          Object.fromEntries(Object.entries(said).map(([name, value]) => [name, String(value)])),
        );
        const sent = new Headers(caller.headers);
        if (method === "POST") sent.set("content-type", "application/json");
        const response = yield* handler(
          new Request(`${baseUrl}/api/auth${path}${method === "GET" ? `?${query}` : ""}`, {
            method,
            headers: sent,
            ...(method === "POST" ? { body: JSON.stringify(said) } : {}),
          }),
        );
        const answer = yield* Effect.promise(() => response.text());
        if (response.status !== status) throw new Error(`${path} answered ${response.status}: ${answer}`);
      });

    // Its lines would be between those of the report.
    const silent = Effect.provide(Logger.layer([]));
    return calls.map((call) => ({
      name: call.name,
      one: silent(ask(call, () => call.theirs)),
      other: silent(ask(call, call.nobodys)),
    }));
  }),
};
