/** A suspended organization: for everybody but whoever runs the installation there is none, until it is one again. */

import { KeyOwner } from "@beep/iam-domain";
import { Auth } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { superuser } from "./atWrite.ts";
import { type Answer, assertRefused, at, Cast, database, granted, idsOf, organizationOf, text } from "./browser.ts";
import { connected, directoryBy, MEDIA_TYPE } from "./directory.ts";
import { sealed } from "./means.ts";
import { oidcConfig } from "./sso/idleProvider.ts";

layer(Cast.on(database), { excludeTestServices: true })((it) => {
  it.effect("TEN-6: a suspended organization, and all that is its, is answered as none", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const sql = yield* superuser;
      const openOne = yield* organizationOf(ann, "open");
      const acme = yield* organizationOf(ann, "acme");
      const uuid = SharedEntityIds.OrganizationId.toUuid(acme.id);
      const organizationId = acme.id;
      const invitation = granted(
        yield* ann.post("/organization/invite-member", { email: bob.email, role: "member", organizationId }),
      );
      const key = granted(yield* ann.post("/api-key/create", { configId: "organization", organizationId }));
      const provider = IamEntityIds.SsoProviderId.create();
      const configuration = JSON.stringify({ ...oidcConfig, pkce: true, issuer: "https://oidc.example" });
      yield* sql`insert into iam_sso_providers (id, issuer, provider_id, organization_id, domain, domain_verified, oidc_config)
        values (${IamEntityIds.SsoProviderId.toUuid(provider)}, 'https://oidc.example', 'acme', ${uuid}, 'acme.example',
          true, ${yield* sealed(KeyOwner.organization(SharedEntityIds.OrganizationId.make(acme.id)), IamDbSchema.ssoProvider.oidcConfig, provider, configuration)})`;
      const { token } = yield* connected(SharedEntityIds.OrganizationId.make(acme.id));
      const { handler } = yield* Auth.Auth;
      const services = yield* Effect.context<Auth.Auth>();
      const directory = directoryBy(
        (request) => Effect.runPromiseWith(services)(handler(request)),
        "http://localhost:3000",
        token,
        MEDIA_TYPE,
      );

      /** What is answered about the organization, and what to who is none's. */
      const about: Readonly<
        Record<string, readonly [Effect.Effect<Answer>, status: number, code: string | undefined]>
      > = {
        active: [ann.get("/organization/get-full-organization"), 404, "ORGANIZATION_NOT_FOUND"],
        named: [ann.get("/organization/list-members", { organizationId }), 404, "ORGANIZATION_NOT_FOUND"],
        slug: [ann.get("/organization/get-organization", { organizationSlug: "acme" }), 404, "ORGANIZATION_NOT_FOUND"],
        // Where the endpoint does not look, another that lets the caller in changes nothing.
        elsewhere: [
          ann.post("/organization/set-active?organizationSlug=open", { organizationSlug: "acme" }),
          404,
          "ORGANIZATION_NOT_FOUND",
        ],
        setActive: [ann.post("/organization/set-active", { organizationId }), 404, "ORGANIZATION_NOT_FOUND"],
        change: [
          ann.post("/organization/create-team", { name: "Night", organizationId }),
          404,
          "ORGANIZATION_NOT_FOUND",
        ],
        team: [ann.get("/organization/list-team-members", { teamId: acme.teamId }), 400, "TEAM_NOT_FOUND"],
        invitation: [
          bob.get("/organization/get-invitation", { id: text(invitation, "id") }),
          400,
          "INVITATION_NOT_FOUND",
        ],
        key: [ann.get("/api-key/get", { id: text(key, "id"), configId: "organization" }), 404, "KEY_NOT_FOUND"],
        keys: [ann.get("/api-key/list", { organizationId }), 404, "ORGANIZATION_NOT_FOUND"],
        provider: [ann.get("/sso/get-provider", { providerId: "acme" }), 404, undefined],
        signIn: [bob.post("/sign-in/sso", { providerId: "acme", callbackURL: "/" }), 404, undefined],
      };
      const lists = Effect.gen(function* () {
        const providers = at(granted(yield* ann.get("/sso/providers")), "providers");
        const users = yield* directory("GET", "/Users");
        return {
          organizations: idsOf(granted(yield* ann.get("/organization/list"))),
          teams: idsOf(granted(yield* ann.get("/organization/list-user-teams"))),
          invitations: idsOf(granted(yield* bob.get("/organization/list-user-invitations"))),
          providers: Array.isArray(providers) ? providers.map((one) => at(one, "providerId")) : providers,
          directory: users.status,
        };
      });
      const there = {
        organizations: [openOne.id, acme.id],
        teams: [openOne.teamId, acme.teamId],
        invitations: [text(invitation, "id")],
        providers: ["acme"],
        directory: 200,
      };

      /** Nothing says when an organization was suspended. */
      const told: Array<unknown> = [];
      const answers = Effect.gen(function* () {
        for (const [name, [asked]] of Object.entries(about)) told.push(granted(yield* asked), name);
        assert.deepStrictEqual(yield* lists, there);
      });
      yield* answers;

      yield* sql`update iam_organizations set suspended_at = now() where id = ${uuid}`;
      for (const [name, [asked, status, code]] of Object.entries(about)) {
        const answer = yield* asked;
        assert.deepStrictEqual({ name, status: answer.status, code: answer.code }, { name, status, code });
      }
      assert.deepStrictEqual(yield* lists, {
        organizations: [openOne.id],
        teams: [openOne.teamId],
        invitations: [],
        providers: [],
        directory: 401,
      });
      assertRefused(
        yield* bob.post("/organization/accept-invitation", { invitationId: text(invitation, "id") }),
        400,
        "INVITATION_NOT_FOUND",
      );
      // Of what is active one may let go.
      granted(yield* ann.post("/organization/set-active", { organizationId: null }));

      yield* sql`update iam_organizations set suspended_at = null where id = ${uuid}`;
      granted(yield* ann.post("/organization/set-active", { organizationId }));
      yield* answers;
      assert.notInclude(JSON.stringify(told), "uspended");
    }),
  );
});
