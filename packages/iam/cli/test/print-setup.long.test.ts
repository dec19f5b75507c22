/** What `iam migrate --print-setup` prints, run as it stands on servers that have not seen it before. */
import { connect, PostgresServer, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { Client } from "pg";
import * as Iam from "./support/iam.ts";

const printed = Effect.fnUntraced(function* (environment: Iam.Environment) {
  const { code, stdout, stderr } = yield* Iam.run(["migrate", "--print-setup"], environment);
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  assert.notInclude(stdout, "canary");
  return stdout;
});

/** Runs a script of many statements, as psql would. */
const runScript = (url: Redacted.Redacted, script: string) =>
  Effect.promise(async () => {
    const client = new Client({ connectionString: Redacted.value(url) });
    await client.connect();
    try {
      await client.query(script);
    } finally {
      await client.end();
    }
  });

const addressOf = (server: PostgresServer.PostgresServer, login: string, database: string): string => {
  const address = new URL(Redacted.value(server.adminUrl));
  Object.assign(address, {
    username: encodeURIComponent(login),
    password: "canary",
    pathname: encodeURIComponent(database),
  });
  return address.href;
};

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  it.live(
    "CFG-3: the printed set-up lets a login migrate that may not create roles, and keeps the application's apart",
    () =>
      Effect.gen(function* () {
        const server = yield* PostgresServer.make({ major });
        const admin = yield* connect(server.adminUrl);
        const state = admin`
          select (select jsonb_agg(r order by r.rolname) from pg_roles r) as roles,
            (select jsonb_agg(m order by m.roleid, m.member) from pg_auth_members m) as members,
            (select jsonb_agg(d order by d.datname) from pg_database d) as databases`;
        const letIn = (login: string) => admin`alter role ${admin(login)} password 'canary'`;

        for (const { owner, app, database } of [
          { owner: "iam_owner", app: "iam_app", database: "iam" },
          { owner: `O'wn "er$$`, app: "app$$;\\", database: `the "base` },
          { owner: "both", app: "both", database: "one" },
        ]) {
          const environment = {
            IAM_MIGRATIONS_URL: addressOf(server, owner, database),
            DATABASE_URL: addressOf(server, app, database),
          };
          const script = yield* printed(environment);
          yield* admin`create database ${admin(database)} template template0`;
          yield* runScript(server.adminUrl, script);
          const once = yield* state;
          yield* runScript(server.adminUrl, script);
          assert.deepStrictEqual(yield* state, once);
          yield* letIn(owner);
          yield* letIn(app);
          const logins = yield* admin<{ rolcreaterole: boolean; rolsuper: boolean }>`
            select rolcreaterole, rolsuper from pg_roles where rolname in (${owner}, ${app})`;
          for (const login of logins) assert.deepStrictEqual(login, { rolcreaterole: false, rolsuper: false });

          // Without what the script grants the application's login may not be migrated for.
          yield* admin`revoke iam_tenant, iam_service from ${admin(app)}`;
          const refused = yield* Iam.run(["migrate"], environment);
          assert.match(refused.stderr, /^iam: [^\n]+ `iam migrate --print-setup` prints\. \[ROLES_MISSING\]\n$/);
          yield* runScript(server.adminUrl, script);
          const migrated = yield* Iam.run(["migrate"], environment);
          assert.deepInclude(migrated, { code: 0, stderr: "" });
          assert.include(migrated.stdout, "Applied:");

          const client = yield* connect(Redacted.make(environment.DATABASE_URL));
          const insert = client`
            insert into iam_rate_limits (id, key, count, last_request) values (gen_random_uuid(), 'digest:1:' || repeat('k', 43), 1, 1)`;
          const count = client<{ rows: number }>`select count(*)::int as rows from iam_rate_limits`;
          const asService = <A, E>(effect: Effect.Effect<A, E>) =>
            client.withTransaction(Effect.andThen(client`set local role iam_service`, effect));
          assert.propertyVal((yield* Effect.flip(insert)).reason, "_tag", "AuthorizationError");
          yield* asService(insert);
          assert.deepStrictEqual(yield* count, [{ rows: 0 }]);
          assert.deepStrictEqual(yield* asService(count), [{ rows: 1 }]);
        }
      }).pipe(Effect.scoped),
    120_000,
  );
});

describe("the set-up", () => {
  it.live("CFG-3: has names that say what they are where no address is set, and fits a terminal", () =>
    Effect.gen(function* () {
      const script = yield* printed({});
      for (const name of ["iam_owner", "iam_app"]) assert.include(script, `login constant name := '${name}'`);
      assert.include(script, 'alter database "iam" owner to "iam_owner";');
      assert.deepStrictEqual(
        script.split("\n").filter((line) => line.length > 80),
        [],
      );
      // The application's address alone names its login and the database.
      const app = yield* printed({ DATABASE_URL: "postgres://shop:canary@db.example/store" });
      assert.include(app, 'grant connect on database "store" to "shop";');
      assert.include(app, 'alter database "store" owner to "iam_owner";');
    }),
  );
});
