/** What the database records by itself, whoever writes: events of changes, apart from them personal data, and their order. */
import { Migrations, SqlState } from "@beep/db-admin";
import { IamDbSchema } from "@beep/iam-tables";
import { EntityId } from "@beep/shared-domain";
import { OrgTable, Table } from "@beep/shared-tables";
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, it, layer } from "@effect/vitest";
import * as pg from "drizzle-orm/pg-core";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { SqlError } from "effect/sql/SqlError";
import { folderWith } from "./support.ts";

/** A migrated database, and who writes to it. */
class Database extends Context.Service<
  Database,
  {
    /** By the application's login. */
    readonly app: PgClient;
    readonly admin: Isolation.Administrator;
    /** As the owner of the tables. */
    readonly migrate: (options: {
      readonly folder: string;
      readonly schema: Migrations.Options["schema"];
    }) => Effect.Effect<ReadonlyArray<string>, unknown>;
  }
>()("Database") {}

const migration = ({ folder, schema }: { readonly folder: string; readonly schema: Migrations.Options["schema"] }) =>
  Migrations.run({
    login: "iam_app",
    schema: { ...IamDbSchema, ...schema },
    sources: [Migrations.own, Migrations.application(folder, schema)],
  });

const onServer = Layer.effect(
  Database,
  Effect.gen(function* () {
    const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase;
    const owner = yield* connect(ownerUrl);
    return {
      app: yield* connect(appUrl),
      admin: Isolation.administrator(yield* connect(adminUrl)),
      migrate: (options) => Effect.provideService(migration(options), PgClient, owner),
    };
  }),
);

const onEmbedded = Layer.effect(
  Database,
  Effect.map(PgClient, (client) => {
    const admin = Isolation.administratorOfEmbedded(client);
    return {
      app: client,
      admin,
      migrate: (options) => admin.transaction(Effect.provideService(migration(options), PgClient, client)),
    };
  }),
);

const databases = [
  ...TestDatabase.majors.map((major) => ({
    name: `PostgreSQL ${major}`,
    layer: Layer.provide(onServer, TestDatabase.layer({ major })),
  })),
  { name: "embedded", layer: Layer.provide(onEmbedded, IamTest.embedded) },
];

interface Event {
  readonly action: string;
  readonly target: string | null;
  readonly organization: string | null;
  readonly context: unknown;
  readonly login: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly number: number;
  /** Whether there is personal data, and its digest is that which the event holds; nothing where neither is there. */
  readonly proven: boolean | null;
  readonly recorded: string | null;
  readonly subject: string | null;
}

/** The events of the transaction that runs, with the personal data that is kept apart. */
const events = (client: PgClient) => client<Event>`
  select action, target_id::text as target, organization_id::text as organization, context, login, before, after, number,
    personal = sha256(convert_to(recorded, 'UTF8')) as proven, recorded, subject_type || ' ' || subject_id as subject
  from iam_audit_events left join iam_audit_envelopes on event_id = id
  where transaction = pg_current_xact_id() order by number`;

/** What some statements record: they run as the services, in a transaction of their own. */
const recordedBy = Effect.fnUntraced(function* (...statements: ReadonlyArray<string>) {
  const { admin } = yield* Database;
  return yield* admin.transaction(
    Effect.gen(function* () {
      for (const statement of ["set local role iam_service", ...statements, "reset role"]) {
        yield* admin.client.unsafe(statement);
      }
      return yield* events(admin.client);
    }),
  );
});

/** The same, of what is told of most events. */
const told = (...statements: ReadonlyArray<string>) =>
  Effect.map(recordedBy(...statements), (all) => all.map(({ action, after, before }) => ({ action, before, after })));

const uuid = Effect.sync(() => crypto.randomUUID());

const user = (id: string, name = "Ann") =>
  `insert into iam_users (id, name, email) values ('${id}', '${name}', '${id}@example.com')`;

const organization = (id: string) => `insert into iam_organizations (id, name, slug) values ('${id}', 'Acme', '${id}')`;

/** A transaction that is undone, whatever comes of it. */
const undone = <A, E>({ transaction }: Isolation.Administrator, effect: Effect.Effect<A, E>) =>
  effect.pipe(
    Effect.flatMap((value) => Effect.fail({ _tag: "Undone", value } as const)),
    transaction,
    Effect.catchIf(
      (error): error is { readonly _tag: "Undone"; readonly value: A } =>
        typeof error === "object" && error !== null && "_tag" in error && error._tag === "Undone",
      ({ value }) => Effect.succeed(value),
    ),
  );

for (const database of databases) {
  layer(database.layer, { excludeTestServices: true })(`on ${database.name}`, (it) => {
    it.effect("AUD-1: what is inserted, updated and deleted is an event each, with what was before and after", () =>
      Effect.gen(function* () {
        const id = yield* uuid;
        const events = yield* recordedBy(
          organization(id),
          `update iam_organizations set name = 'Acme 2', metadata = null where id = '${id}'`,
          `delete from iam_organizations where id = '${id}'`,
        );
        const of = { target: id, organization: id, context: null, proven: null, recorded: null, subject: null };
        const [{ login } = { login: "" }] = events;
        const { admin } = yield* Database;
        assert.deepStrictEqual(
          yield* admin.transaction(admin.client<{ login: string }>`select session_user as login`),
          [{ login }],
        );
        assert.deepStrictEqual(events, [
          {
            ...of,
            action: "organization.created",
            login,
            before: null,
            after: { name: "Acme", slug: id },
            number: 1,
          },
          {
            ...of,
            action: "organization.updated",
            login,
            before: { name: "Acme" },
            after: { name: "Acme 2" },
            number: 2,
          },
          {
            ...of,
            action: "organization.deleted",
            login,
            before: { name: "Acme 2", slug: id },
            after: null,
            number: 3,
          },
        ]);
      }),
    );

    it.effect("AUD-1: an update of nothing but what is counted, or of nothing at all, is none", () =>
      Effect.gen(function* () {
        const [person, session] = [yield* uuid, yield* uuid];
        const all = yield* told(
          user(person),
          `insert into iam_sessions (id, user_id, token, expires_at) values ('${session}', '${person}', '${session}', now())`,
          `update iam_sessions set expires_at = now() + interval '1 day', version = version where id = '${session}'`,
          `update iam_users set name = name where id = '${person}'`,
          `insert into iam_rate_limits (id, key, count, last_request) values ('${session}', '${session}', 1, 1)`,
        );
        assert.deepStrictEqual(
          all.map(({ action }) => action),
          ["user.created", "session.created"],
        );
      }),
    );

    it.effect("AUD-2: what goes with an organization is recorded row by row, the children of children too", () =>
      Effect.gen(function* () {
        const [id, person, member, team, teamMember, invitation] = [
          yield* uuid,
          yield* uuid,
          yield* uuid,
          yield* uuid,
          yield* uuid,
          yield* uuid,
        ];
        const made = [
          organization(id),
          user(person),
          `insert into iam_members (id, organization_id, user_id) values ('${member}', '${id}', '${person}')`,
          `insert into iam_teams (id, organization_id, name) values ('${team}', '${id}', 'Red')`,
          `insert into iam_team_members (id, team_id, user_id) values ('${teamMember}', '${team}', '${person}')`,
          `insert into iam_invitations (id, organization_id, email, inviter_id, expires_at)
             values ('${invitation}', '${id}', 'bob@example.com', '${person}', now())`,
        ];
        const all = yield* recordedBy(...made, `delete from iam_organizations where id = '${id}'`);
        const gone = all.filter(({ action }) => action.endsWith(".deleted"));
        assert.deepStrictEqual(
          new Map(gone.map(({ action, target }) => [action, target])),
          new Map([
            ["organization.deleted", id],
            ["member.deleted", member],
            ["team.deleted", team],
            ["teammember.deleted", teamMember],
            ["invitation.deleted", invitation],
          ]),
        );
        assert.lengthOf(gone, 5);
        // In the log of the organization, which outlives it.
        assert.isTrue(gone.every(({ organization }) => organization === id));
        assert.deepInclude(gone.find(({ action }) => action === "teammember.deleted")?.before, { team_id: team });
        assert.include(gone.find(({ action }) => action === "invitation.deleted")?.recorded, "bob@example.com");
      }),
    );

    it.effect("AUD-1: a table that is emptied is an event", () =>
      Effect.gen(function* () {
        const { admin } = yield* Database;
        const { client } = admin;
        const all = yield* undone(admin, Effect.andThen(client`truncate iam_verifications`, events(client)));
        assert.deepStrictEqual(
          all.map(({ action, target }) => ({ action, target })),
          [{ action: "verification.truncated", target: null }],
        );
      }),
    );

    it.effect("AUD-2: secrets are in no event; that they changed is", () =>
      Effect.gen(function* () {
        const [person, account] = [yield* uuid, yield* uuid];
        const all = yield* recordedBy(
          user(person),
          `insert into iam_accounts (id, user_id, account_id, provider_id, password, access_token)
             values ('${account}', '${person}', 'a', 'credential', 'canary-1', 'canary-2')`,
          `update iam_accounts set password = 'canary-3' where id = '${account}'`,
          `update iam_accounts set password = 'canary-4', access_token = 'canary-5', scope = 's' where id = '${account}'`,
          `delete from iam_accounts where id = '${account}'`,
        );
        assert.notInclude(JSON.stringify(all), "canary");
        assert.deepStrictEqual(
          all.slice(2, 4).map(({ after, before }) => ({ before, after })),
          [
            { before: null, after: { secrets: ["password"] } },
            { before: { scope: null }, after: { scope: "s", secrets: ["access_token", "password"] } },
          ],
        );
      }),
    );

    it.effect("AUD-2: personal data is apart, with a salt; the event holds its digest", () =>
      Effect.gen(function* () {
        const id = yield* uuid;
        const [created, updated, deleted] = yield* recordedBy(
          user(id, "Ann"),
          `update iam_users set name = 'Eve', email_verified = true where id = '${id}'`,
          `delete from iam_users where id = '${id}'`,
        );
        const email = `${id}@example.com`;
        const apart = [created, updated, deleted].map((event) => {
          assert.isTrue(event?.proven);
          assert.strictEqual(event?.subject, `user ${id}`);
          const { salt, ...data }: { readonly salt: string } = JSON.parse(event?.recorded ?? "{}");
          assert.lengthOf(salt, 36);
          return data;
        });
        assert.deepStrictEqual(apart, [
          { before: null, after: { name: "Ann", email } },
          { before: { name: "Ann" }, after: { name: "Eve" } },
          { before: { name: "Eve", email }, after: null },
        ]);
        const open = [created, updated, deleted].map((event) => JSON.stringify([event?.before, event?.after]));
        assert.notMatch(open.join(), /Ann|Eve|example/);
        assert.deepStrictEqual([updated?.before, updated?.after], [{ email_verified: false }, { email_verified: true }]);
      }),
    );

    it.effect("AUD-1: what is rolled back to a savepoint leaves no event, and the numbers go on", () =>
      Effect.gen(function* () {
        const [first, second, third] = [yield* uuid, yield* uuid, yield* uuid];
        const all = yield* recordedBy(
          organization(first),
          "savepoint s",
          organization(second),
          "rollback to savepoint s",
          organization(third),
        );
        assert.deepStrictEqual(
          all.map(({ number, target }) => [number, target]),
          [
            [1, first],
            [2, third],
          ],
        );
        const { admin } = yield* Database;
        const left = yield* admin.transaction(
          admin.client`select from iam_audit_events where target_id = ${second}::uuid`,
        );
        assert.lengthOf(left, 0);
      }),
    );

    it.effect("AUD-1: what is never committed is no event", () =>
      Effect.gen(function* () {
        const { admin } = yield* Database;
        const id = yield* uuid;
        const during = yield* undone(admin, Effect.andThen(admin.client.unsafe(organization(id)), events(admin.client)));
        assert.lengthOf(during, 1);
        const after = yield* admin.transaction(admin.client`select from iam_audit_events where target_id = ${id}::uuid`);
        assert.lengthOf(after, 0);
      }),
    );

    it.effect("AUD-6: what another program writes has no context, and says by which login; the services say who", () =>
      Effect.gen(function* () {
        const { admin, app } = yield* Database;
        const ids = [yield* uuid, yield* uuid];
        const [byHand = "", byServices = ""] = ids;
        const context = { actor: "user_1", reason: "because" };
        yield* app.withTransaction(
          Effect.gen(function* () {
            yield* app`set local role iam_service`;
            yield* app.unsafe(organization(byHand));
            yield* app`select set_config('iam.change', ${JSON.stringify(context)}, true)`;
            yield* app.unsafe(organization(byServices));
          }),
        );
        // The setting is gone with its transaction.
        const [left] = yield* app<{ left: string | null }>`select current_setting('iam.change', true) as left`;
        assert.notOk(left?.left);
        const found = yield* admin.transaction(
          admin.client`
            select target_id::text as target, context, login from iam_audit_events
            where target_id::text = any(${ids}) order by number`,
        );
        assert.deepStrictEqual(found, [
          { target: byHand, context: null, login: "iam_app" },
          { target: byServices, context, login: "iam_app" },
        ]);
      }),
    );

    it.effect("AUD-2: nobody updates, deletes or truncates events, a superuser neither, with triggers put off neither", () =>
      Effect.gen(function* () {
        const { admin } = yield* Database;
        const { client } = admin;
        const id = yield* uuid;
        yield* recordedBy(organization(id));
        const [part] = yield* admin.transaction(
          client<{ name: string; owner: string }>`
            select e.tableoid::regclass::text as name, pg_get_userbyid(c.relowner) as owner
            from iam_audit_events e join pg_class c on c.oid = e.tableoid where target_id = ${id}::uuid`,
        );
        const table = part?.name ?? "";
        const ends = (before: ReadonlyArray<string>, name: string) =>
          Effect.forEach(
            [`update ${name} set action = 'x'`, `delete from ${name}`, `truncate ${name}`],
            (statement) =>
              undone(
                admin,
                Effect.gen(function* () {
                  for (const given of before) yield* client.unsafe(given);
                  return yield* client.unsafe(statement).pipe(
                    client.withTransaction,
                    Effect.match({ onFailure: SqlState.of, onSuccess: () => "done" }),
                  );
                }),
              ),
          );
        const denied = Array.from({ length: 3 }, () => SqlState.insufficientPrivilege);
        const stays = Array.from({ length: 3 }, () => SqlState.immutable);
        const off = "set local session_replication_role = replica";
        for (const name of ["iam_audit_events", table]) {
          assert.deepStrictEqual(yield* ends(["set local role iam_service"], name), denied);
          assert.deepStrictEqual(yield* ends(["set local role iam_tenant"], name), denied);
          assert.deepStrictEqual(yield* ends([], name), stays);
          assert.deepStrictEqual(yield* ends([off], name), stays);
          const unforced = `alter table ${name} no force row level security`;
          assert.deepStrictEqual(yield* ends([unforced, `set local role ${part?.owner}`], name), stays);
        }
        // Without the trigger of the part, which TRUNCATE asks.
        assert.strictEqual((yield* ends([`drop trigger iam_not_truncated on ${table}`], table))[2], "done");
      }),
    );

    it.effect("AUD-9: a month whose partition nobody made in time is recorded all the same, and stays where it is", () =>
      Effect.gen(function* () {
        const { admin } = yield* Database;
        const { client } = admin;
        const [id, other] = [yield* uuid, yield* uuid];
        const partOf = (target: string) => client<{ part: string }>`
          select tableoid::regclass::text as part from iam_audit_events where target_id = ${target}::uuid`;
        const parts = yield* undone(
          admin,
          Effect.gen(function* () {
            yield* client.unsafe(organization(id));
            const [{ part } = { part: "" }] = yield* partOf(id);
            yield* client.unsafe(`drop table ${part}`);
            yield* client.unsafe(organization(other));
            yield* client`select iam_make_partitions()`;
            return [part, ...(yield* partOf(other)).map((row) => row.part)];
          }),
        );
        assert.match(parts[0] ?? "", /^iam_audit_events_\d{4}_\d{2}$/);
        assert.strictEqual(parts[1], "iam_audit_events_other");
      }),
    );
  });
}
