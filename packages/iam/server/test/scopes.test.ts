import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Teams, Tenancy } from "@beep/iam-server";
import { CurrentTenant, Principal } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, layer, it as test } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";

layer(IamTest.postgres(), { excludeTestServices: true })("a scope", (it) => {
  it.effect("TEN-4: is gone after success, failure, defect, interruption and a timeout", () =>
    Effect.gen(function* () {
      const client = yield* PgClient;
      const ann = yield* IamTest.signedUp("ann");
      const { id } = yield* IamTest.organizationOf(ann, "acme");
      const within = Tenancy.within(id);
      const state = client<{ user: string; organization: string | null }>`
        select current_user as user, nullif(current_setting('iam.organization_id', true), '') as organization`;
      const [inside] = yield* within(state);
      assert.strictEqual(inside?.user, "iam_tenant");

      const endings: ReadonlyArray<Effect.Effect<unknown, unknown, PgClient>> = [
        within(state),
        within(Effect.fail("no")),
        within(Effect.die("no")),
        within(client`select 1 / 0`),
        within(client`select pg_sleep(60)`).pipe(Effect.timeout("20 millis")),
      ];
      for (const ending of endings.map((effect) => Effect.exit(effect))) {
        yield* Effect.forEach(Array.from({ length: 8 }), () => ending, { concurrency: "unbounded" });
        const after = yield* Effect.forEach(Array.from({ length: 16 }), () => client.withTransaction(state), {
          concurrency: "unbounded",
        });
        for (const [row] of after) assert.deepStrictEqual(row, { user: "iam_app", organization: null });
      }
    }),
  );

  it.effect("TEN-2: tells what runs in it whose it is", () =>
    Effect.gen(function* () {
      const { id } = yield* IamTest.organizationOf(yield* IamTest.signedUp("tom"), "toms");
      assert.strictEqual(yield* Tenancy.within(id)(Effect.service(CurrentTenant)), id);
    }),
  );

  it.effect("TEN-2: cannot be opened inside the scope of another organization", () =>
    Effect.gen(function* () {
      const eve = yield* IamTest.signedUp("eve");
      const one = yield* IamTest.organizationOf(eve, "one");
      const two = yield* IamTest.organizationOf(eve, "two");
      const exit = yield* Effect.exit(Tenancy.within(one.id)(Tenancy.within(two.id)(Effect.void)));
      assert.isTrue(Exit.hasDies(exit));
    }),
  );

  it.effect("TEN-2: an organization cannot be changed inside the scope of another", () =>
    Effect.gen(function* () {
      const teams = yield* Teams.Teams;
      const fay = yield* IamTest.signedUp("fay");
      const one = yield* IamTest.organizationOf(fay, "first");
      const two = yield* IamTest.organizationOf(fay, "second");
      const named = (name: string) => Tenancy.as(Principal.system("test"), two.id)(teams.create({ name }));
      const exit = yield* Effect.exit(Tenancy.within(one.id)(named("Night")));
      assert.isTrue(Exit.hasDies(exit), String(exit));
      const changing = Tenancy.as(
        Principal.system("test"),
        two.id,
      )(Tenancy.changing({ team: ["create"] })(Effect.void));
      assert.isTrue(Exit.hasDies(yield* Effect.exit(Tenancy.within(one.id)(changing))));
      assert.strictEqual((yield* Tenancy.within(two.id)(named("Day"))).organizationId, two.id);
    }),
  );
});

describe("the service scope", () => {
  /** Where it is taken or named, and why there. */
  const takers = [
    "_internal/db-admin/src/Migrations.ts", // names it in a remedy
    "_internal/db-admin/src/hardening.ts", // makes the role and grants it
    "_internal/db-admin/src/recording.ts", // lets the role write events
    "_internal/db-admin/src/retention.ts", // lets the role retire months of them
    "iam/domain/src/explanations/findings.ts", // names it in what is said of a finding
    "iam/server/src/api/IamHttp.ts", // names the connection that TenantRequired.ts needs
    "iam/server/src/api/TenantRequired.ts", // hands it on to Tenancy.ts
    "iam/server/src/audit/Envelopes.ts", // what events say of people is no tenant's to read
    "iam/server/src/audit/Erasure.ts", // a person is in several tenants
    "iam/server/src/audit/Log.ts", // the log is no tenant's
    "iam/server/src/audit/Sealer.ts", // the same
    "iam/server/src/audit/Worker.ts", // the same
    "iam/server/src/audit/retention.ts", // the same
    "iam/server/src/auth/Auth.ts", // Better Auth reads sessions, which no tenant may
    "iam/server/src/auth/FirstAdministrator.ts", // there is no tenant yet
    "iam/server/src/auth/Operator.ts", // operators look into every tenant
    "iam/server/src/auth/adapter.ts", // the same as Auth.ts
    "iam/server/src/auth/admission.ts", // the same: who is let into an organization
    "iam/server/src/auth/credentials.ts", // hands it on to throttle.ts and intents.ts
    "iam/server/src/auth/directories/Directories.ts", // a directory provisions whole organizations, by Better Auth
    "iam/server/src/auth/intents.ts", // the same as throttle.ts
    "iam/server/src/auth/leftInClear.ts", // seals what an earlier version left in clear, of every tenant
    "iam/server/src/auth/principals/standing.ts", // the same as Auth.ts
    "iam/server/src/auth/promises.ts",
    "iam/server/src/auth/sessionLookup.ts", // the same as Auth.ts
    "iam/server/src/auth/throttle.ts", // who fails to sign in has no tenant
    "iam/server/src/authorization/Authorization.ts", // whoever asks need not be let in: each statement names the organization
    "iam/server/src/authorization/Models.ts", // models are no tenant's
    "iam/server/src/authorization/writing.ts", // the same as Authorization.ts: tenants write no facts
    "iam/server/src/crypto/DataKeys.ts", // data keys are no tenant's to read
    "iam/server/src/crypto/Keys.ts", // the same
    "iam/server/src/crypto/Secrets.ts", // needs it for DataKeys.ts
    "iam/server/src/crypto/SigningKeys.ts", // signing keys are no tenant's to read
    "iam/server/src/crypto/resealing.ts", // the same, and seals anew in every tenant
    "iam/server/src/crypto/rewrapping.ts", // the same as DataKeys.ts
    "iam/server/src/crypto/sealedColumns.ts", // reads the catalogue
    "iam/server/src/crypto/startCheck.ts", // the same as DataKeys.ts
    "iam/server/src/db/IamDb.ts", // hands the connection out
    "iam/server/src/db/Scope.ts", // takes the role
    "iam/server/src/db/ServiceConnection.ts", // defines the connection
    "iam/server/src/db/embedded.ts", // makes the connection
    "iam/server/src/db/server.ts", // makes the connection
    "iam/server/src/doctor/drift.ts", // names the role in findings
    "iam/server/src/doctor/keys.ts", // looks at data keys
    "iam/server/src/doctor/logins.ts", // asks who may take the role
    "iam/server/src/doctor/tables.ts", // asks who may take the role
    "iam/server/src/idempotency/Idempotency.ts", // keys are kept before anybody is let in
    "iam/server/src/organizations/Invitations.ts", // who is invited is in no tenant yet
    "iam/server/src/organizations/Members.ts", // sessions and directories are no tenant's
    "iam/server/src/organizations/Organizations.ts", // an organization that is made is no tenant yet
    "iam/server/src/organizations/Roles.ts", // needs it for inOrganization.ts
    "iam/server/src/organizations/Teams.ts", // needs it for inOrganization.ts
    "iam/server/src/organizations/inOrganization.ts", // hands it on
    "iam/server/src/outbox/service.ts", // what is sent is of every tenant
    "iam/server/src/tenancy/Tenancy.ts", // looks up who is let into a tenant
    "iam/server/src/tenancy/asService.ts", // names the scope
    "iam/server/src/webhooks/Deliveries.ts", // what is delivered is of every tenant
    "iam/server/src/webhooks/Webhooks.ts", // needs it for inOrganization.ts, and for the end of the log
    "shared/tables/src/Record.ts", // the policy
    "shared/tables/src/Table.ts", // the policy
    "shared/tables/src/index.ts", // the role's name
    "shared/tables/src/scope.ts", // the role's name
  ];

  test("TEN-2: is taken in the listed places only, all inside iam-server", () => {
    const cwd = fileURLToPath(new URL("../../../", import.meta.url));
    const files = globSync("*/*/src/**/*.ts", { cwd });
    assert.isAbove(files.length, 40);
    const taking = files.filter((file) => {
      // A type alone gives nobody the service: the index exports it so that types of layers can be written out.
      const source = readFileSync(`${cwd}/${file}`, "utf8").replaceAll(/^export type .*$/gm, "");
      return /\b(ServiceConnection|asService|serviceRole|iam_service)\b/.test(source);
    });
    assert.deepStrictEqual(taking.toSorted(), takers);
  });
});
