/** Whether the database is what the tables say, and whether that would be noticed if it were not. */
import { IamDbSchema } from "@beep/iam-tables";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Catalogue } from "../src/index.ts";
import { expected } from "./catalogue/expected.ts";
import { mutations } from "./catalogue/mutations.ts";
import { differencesBetween } from "./support.ts";

/** What the catalogue should be, as the database's own major version writes it. */
class Expected extends Context.Service<Expected, Catalogue.Catalogue>()("Expected") {
  static readonly on = (major: 15 | 18) =>
    Layer.effect(
      Expected,
      Effect.gen(function* () {
        const empty = yield* TestDatabase.make({ major, template: "empty" });
        return yield* expected(yield* connect(empty.ownerUrl), IamDbSchema, "iam_app");
      }),
    );
}

/** The superuser's connection to the migrated database. */
const Admin = Layer.effect(
  PgClient,
  Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl)),
);

const databases = [
  ...TestDatabase.majors.map((major) => ({
    name: `PostgreSQL ${major}`,
    layer: Layer.merge(Expected.on(major), Layer.provide(Admin, TestDatabase.layer({ major }))),
  })),
  { name: "embedded", layer: Layer.merge(Expected.on(18), IamTest.embedded) },
];

const differences = Effect.gen(function* () {
  const should = yield* Expected;
  return differencesBetween(should, yield* Catalogue.read(yield* PgClient));
});

/** What is different while a change is there; it is undone afterwards. */
const differencesAfter = Effect.fnUntraced(function* (change: string) {
  const client = yield* PgClient;
  let seen: ReadonlyArray<string> = [];
  yield* Effect.gen(function* () {
    for (const statement of change.split(";\n")) yield* client.unsafe(statement);
    seen = yield* differences;
    return yield* Effect.fail("undo" as const);
  }).pipe(
    client.withTransaction,
    Effect.catchIf(
      (error) => error === "undo",
      () => Effect.void,
    ),
  );
  return seen;
});

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

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  layer(Layer.merge(Expected.on(major), Layer.provide(Admin, TestDatabase.layer({ major }))))((it) => {
    it.effect.each(mutations)("ALN-2: the comparison sees $title", ({ seen, sql }) =>
      Effect.gen(function* () {
        const objects = (yield* differencesAfter(sql)).map((difference) => difference.split(" is\n", 1)[0]);
        assert.deepStrictEqual(objects, [...seen]);
        assert.deepStrictEqual(yield* differences, [], "the change was undone");
      }),
    );
  });
});
