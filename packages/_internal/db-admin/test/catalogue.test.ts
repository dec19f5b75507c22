/** Whether the database is what the tables say. */
import { IamDbSchema } from "@beep/iam-tables";
import { IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Admin, differences, Expected } from "./catalogue/differences.ts";

const databases = [
  ...TestDatabase.majors.map((major) => ({
    name: `PostgreSQL ${major}`,
    layer: Layer.merge(Expected.on(major), Layer.provide(Admin, TestDatabase.layer({ major }))),
  })),
  { name: "embedded", layer: Layer.merge(Expected.on(18), IamTest.embedded) },
];

for (const database of databases) {
  layer(database.layer)(`on ${database.name}`, (it) => {
    it.effect("ALN-2: the live catalogue equals the tables", () =>
      Effect.gen(function* () {
        assert.isAbove((yield* Expected).size, 20 * Object.keys(IamDbSchema).length);
        assert.deepStrictEqual(yield* differences, []);
      }),
    );

    it.effect("ALN-2: the two roles can do nothing but what they are for", () =>
      Effect.gen(function* () {
        const client = yield* PgClient;
        const roles = yield* client`
          select rolname as name, rolcanlogin or rolsuper or rolinherit or rolcreaterole or rolcreatedb or rolreplication
            or rolbypassrls as can, rolconfig as settings
          from pg_roles where rolname in ('iam_service', 'iam_tenant') order by rolname`;
        const nothing = { can: false, settings: null };
        assert.deepStrictEqual(roles, [
          { name: "iam_service", ...nothing },
          { name: "iam_tenant", ...nothing },
        ]);
      }),
    );

    it.effect(
      "ALN-2: the application's login may take the two roles, holds neither, and nobody else may take them",
      () =>
        Effect.gen(function* () {
          const client = yield* PgClient;
          const [{ major } = { major: 0 }] = yield* client<{ major: number }>`
          select current_setting('server_version_num')::int / 10000 as major`;
          // Before 16 every member may take the role; whether it holds it is up to the login's own attribute.
          const takes = major < 16 ? "member" : "set";
          const roles = yield* client`
          select login.rolname as login, role.rolname as role,
            pg_has_role(login.oid, role.oid, ${takes}) as takes, pg_has_role(login.oid, role.oid, 'usage') as holds
          from pg_roles role, pg_roles login
          where role.rolname in ('iam_service', 'iam_tenant') and login.rolname in ('iam_app', 'iam_owner')
          order by login.rolname, role.rolname`;
          assert.deepStrictEqual(
            roles.filter((role) => role.takes === true || role.holds === true),
            [
              { login: "iam_app", role: "iam_service", takes: true, holds: false },
              { login: "iam_app", role: "iam_tenant", takes: true, holds: false },
            ],
          );
        }),
    );
  });
}
