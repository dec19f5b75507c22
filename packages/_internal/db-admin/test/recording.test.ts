/** What the database records by itself, whoever writes: events of changes, apart from them personal data, and their order. */
import { Migrations, SqlState } from "@beep/db-admin";
import { IamDbSchema } from "@beep/iam-tables";
import { Digest, EntityId, Envelope, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { OrgTable, Table } from "@beep/shared-tables";
import { connect, IamTest, Isolation, PostgresServer, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, describe, it, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import * as pg from "drizzle-orm/pg-core";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { folderWith, migrate } from "./support.ts";

/** In the forms that the database demands of what is kept secret, though nothing is sealed in it. */
const envelope = (content: string): string => Envelope.make(IamEntityIds.DataKeyId.create(), content.padEnd(40, "-"));
const digest = Digest.make("".padEnd(43, "x"));

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

const NoteId = EntityId.make("NoteId", { prefix: "note", table: "app_notes" });

/** Of which one table is an organization's, with every kind of value. */
const note = OrgTable.make(NoteId)(
  {
    title: pg.text("title").notNull(),
    author: pg.text("author"),
    token: pg.text("token"),
    views: pg.integer("views").notNull().default(0),
  },
  () => [],
  { digested: ["token"], personal: ["author"], uneventful: ["views"] },
);

/** The same after a migration. */
const noteLater = OrgTable.make(NoteId)(
  { body: pg.text("body").notNull(), author: pg.text("author"), token: pg.text("token"), views: pg.text("views") },
  () => [],
  { digested: ["token"], personal: ["author"], uneventful: ["views"] },
);

const ValueId = EntityId.make("ValueId", { prefix: "value", table: "app_values" });

const value = Table.make(ValueId)({ small: pg.smallint("small") });

/** As drizzle-kit writes them. */
const entity = `id uuid primary key, created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(), version integer not null default 1`;
const ofScope = "organization_id = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))";
const made = (table: string) => [
  `alter table ${table} enable row level security`,
  `create policy iam_service_all on ${table} to iam_service using (true) with check (true)`,
];

const first = {
  "20990101000000_first": [
    `create table app_notes (${entity}, organization_id uuid not null references iam_organizations on delete cascade,
       title text not null, author text, token text, views integer not null default 0)`,
    ...made("app_notes"),
    `create policy iam_tenant_isolation on app_notes to iam_tenant using (${ofScope}) with check (${ofScope})`,
    `create table app_values (${entity}, small smallint, whole integer, big bigint, exact numeric, near double precision,
       flag boolean, kind varchar(8), code char(3), other uuid, day date, local timestamp, at timestamptz(3), span interval,
       tags text[], numbers integer[], bigs bigint[], document jsonb, raw bytea, "a 'column'" text)`,
    ...made("app_values"),
  ],
};

/** A migration that drops, adds and retypes columns, and changes rows. */
const second = {
  "20990102000000_second": [
    "alter table app_notes drop title, add body text not null default 'none', alter views drop default, alter views type text",
    "update app_notes set author = 'Bob'",
  ],
};

const third = {
  "20990103000000_third": ["drop table app_values", "alter table app_notes rename to app_notices"],
};

/** A name as long as PostgreSQL takes it, and one that differs in the last letter. */
const long = `app_${"x".repeat(58)}`;

const fourth = {
  "20990104000000_fourth": ["a", "b"].flatMap((last) => [
    `create table ${long}${last} (${entity}, n integer)`,
    ...made(`${long}${last}`),
  ]),
};

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
          `insert into iam_sessions (id, user_id, token, expires_at) values ('${session}', '${person}', '${digest}', now())`,
          `update iam_sessions set expires_at = now() + interval '1 day', version = version where id = '${session}'`,
          `update iam_users set name = name where id = '${person}'`,
          `insert into iam_rate_limits (id, key, count, last_request) values ('${session}', '${digest}', 1, 1)`,
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

    it.effect("AUD-2: what names its owner by a text stands in the log of the organization that this is", () =>
      Effect.gen(function* () {
        const { OrganizationId, UserId } = SharedEntityIds;
        const ids = ["00000000-0000-0000-0000-000000000001", "fedcba98-7654-3210-0123-456789abcdef", yield* uuid];
        const owners = [
          ...ids.map((id) => ({ owner: OrganizationId.fromUuid(id), chain: id })),
          {
            owner: OrganizationId.fromUuid("ffffffff-ffff-ffff-ffff-ffffffffffff"),
            chain: "ffffffff-ffff-ffff-ffff-ffffffffffff",
          },
          ...[
            UserId.create(),
            "",
            `${OrganizationId.create()}0`,
            OrganizationId.create().toUpperCase(),
            "organization_nobody",
          ].map((owner) => ({ owner, chain: null })),
        ];
        for (const { chain, owner } of owners) {
          const key = yield* uuid;
          const all = yield* recordedBy(
            `insert into iam_api_keys (id, reference_id, key) values ('${key}', '${owner}', '${key}')`,
            `update iam_api_keys set enabled = false where id = '${key}'`,
            `update iam_api_keys set request_count = 1 where id = '${key}'`,
            `delete from iam_api_keys where id = '${key}'`,
          );
          assert.deepStrictEqual(
            all.map(({ action, organization, target }) => [action, organization, target]),
            ["created", "updated", "deleted"].map((verb) => [`apikey.${verb}`, chain, key]),
            owner,
          );
        }
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
             values ('${account}', '${person}', 'a', 'credential', 'canary-1', '${envelope("canary-2")}')`,
          `update iam_accounts set password = 'canary-3' where id = '${account}'`,
          `update iam_accounts set password = 'canary-4', access_token = '${envelope("canary-5")}', scope = 's' where id = '${account}'`,
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
        assert.deepStrictEqual(
          [updated?.before, updated?.after],
          [{ email_verified: false }, { email_verified: true }],
        );
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

    it.effect("AUD-2: an event is read as it was written, the numbers of transactions too", () =>
      Effect.gen(function* () {
        const { admin } = yield* Database;
        const db = yield* Effect.provideService(makeWithDefaults(), PgClient, admin.client);
        const { auditEvent } = IamDbSchema;
        const id = yield* uuid;
        const [written, read] = yield* admin.transaction(
          Effect.gen(function* () {
            yield* admin.client.unsafe(organization(id));
            return [
              yield* admin.client`
                select transaction::text, horizon::text from iam_audit_events where target_id = ${id}::uuid`,
              yield* db
                .select({ transaction: auditEvent.transaction, horizon: auditEvent.horizon })
                .from(auditEvent)
                .where(eq(auditEvent.targetId, id)),
            ];
          }),
        );
        assert.lengthOf(read ?? [], 1);
        assert.deepStrictEqual(read, written);
      }),
    );

    it.effect("AUD-1: what is never committed is no event", () =>
      Effect.gen(function* () {
        const { admin } = yield* Database;
        const id = yield* uuid;
        const during = yield* undone(
          admin,
          Effect.andThen(admin.client.unsafe(organization(id)), events(admin.client)),
        );
        assert.lengthOf(during, 1);
        const after = yield* admin.transaction(
          admin.client`select from iam_audit_events where target_id = ${id}::uuid`,
        );
        assert.lengthOf(after, 0);
      }),
    );

    it.effect("AUD-1: a change whose event cannot be written does not happen", () =>
      Effect.gen(function* () {
        const { admin } = yield* Database;
        const { client } = admin;
        const failed = yield* undone(
          admin,
          Effect.gen(function* () {
            yield* client`alter table iam_audit_events add constraint no check (action <> 'organization.created') not valid`;
            return yield* Effect.flip(client.withTransaction(client.unsafe(organization(yield* uuid))));
          }),
        );
        assert.strictEqual(SqlState.of(failed), "23514");
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

    it.effect(
      "AUD-2: nobody updates, deletes or truncates events, a superuser neither, with triggers put off neither",
      () =>
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
                    return yield* client
                      .unsafe(statement)
                      .pipe(client.withTransaction, Effect.match({ onFailure: SqlState.of, onSuccess: () => "done" }));
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

    it.effect(
      "AUD-9: a month whose partition nobody made in time is recorded all the same, and stays where it is",
      () =>
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

    it.effect("AUD-2: values are told as JSON holds them, whatever the session's settings, and numbers exactly", () =>
      Effect.gen(function* () {
        const { migrate } = yield* Database;
        yield* migrate({ folder: yield* folderWith(first, "none"), schema: { note, value } });
        const id = yield* uuid;
        const [created] = yield* told(
          "set local datestyle = 'German'",
          "set local timezone = 'Asia/Tokyo'",
          `insert into app_values values ('${id}', default, default, default, 1, 2, 9007199254740993, 1.10, 0.5, true, 'kind',
             'abc', '${id}', '2026-01-02', timestamp '2026-01-02 03:04:05', timestamptz '2026-01-02 03:04:05.678+00',
             '1 day', '{a,b}', '{1,2}', '{9007199254740993}', '{"b": 1.50, "a": null}', '\\x010203', 'quoted')`,
        );
        assert.deepStrictEqual(created?.after, {
          small: 1,
          whole: 2,
          big: "9007199254740993",
          exact: "1.10",
          near: "0.5",
          flag: true,
          kind: "kind",
          code: "abc",
          other: id,
          day: "2026-01-02",
          local: "2026-01-02T03:04:05",
          at: "2026-01-02T03:04:05.678+00:00",
          span: "1 day",
          tags: ["a", "b"],
          numbers: [1, 2],
          bigs: "{9007199254740993}",
          document: '{"a": null, "b": 1.50}',
          raw: "AQID",
          "a 'column'": "quoted",
        });
      }),
    );

    it.effect("AUD-1: a table that says why it is not recorded has no trigger, and loses those that it had", () =>
      Effect.gen(function* () {
        const { admin, migrate } = yield* Database;
        const folder = yield* folderWith(first, "none");
        const ofValues = admin.transaction(
          admin.client<{ name: string }>`
            select tgname as name from pg_trigger where tgrelid = 'app_values'::regclass and tgname ~ '^iam_record'
            union all select proname from pg_proc where proname = 'iam_record_app_values' order by 1`,
        );
        yield* migrate({ folder, schema: { note, value } });
        assert.deepStrictEqual(
          (yield* ofValues).map(({ name }) => name),
          ["iam_record", "iam_record_app_values", "iam_record_truncation"],
        );
        const unrecorded = Table.make(ValueId)({ small: pg.smallint("small") }, () => [], { unrecorded: "It counts." });
        yield* migrate({ folder, schema: { note, unrecorded } });
        assert.deepStrictEqual(yield* ofValues, []);
        assert.deepStrictEqual(yield* told(`insert into app_values (id) values ('${yield* uuid}')`), []);
        yield* migrate({ folder, schema: { note, value } });
        assert.lengthOf(yield* ofValues, 3);
      }),
    );

    it.effect(
      "AUD-1: the tables of an application are recorded with nothing written by hand, through its migrations",
      () =>
        Effect.gen(function* () {
          const { admin, migrate } = yield* Database;
          const { client } = admin;
          const [id, own] = [yield* uuid, yield* uuid];

          yield* migrate({ folder: yield* folderWith(first, "none"), schema: { note, value } });
          const [, created, ...changed] = yield* recordedBy(
            organization(id),
            `insert into app_notes (id, organization_id, title, author, token) values ('${own}', '${id}', 'One', 'Ann', 'x')`,
            `update app_notes set token = 'y' where id = '${own}'`,
            `update app_notes set views = 2 where id = '${own}'`,
          );
          assert.deepInclude(created, {
            action: "note.created",
            target: own,
            organization: id,
            before: null,
            after: { title: "One" },
            subject: `note ${own}`,
          });
          assert.include(created?.recorded, '"Ann"');
          assert.deepStrictEqual(
            changed.map(({ after }) => after),
            [{ secrets: ["token"] }],
          );

          // What a migration does to rows is one event, and the functions know the columns as they are then.
          const both = yield* folderWith({ ...first, ...second }, "none");
          assert.deepStrictEqual(yield* migrate({ folder: both, schema: { noteLater, value } }), [
            "20990102000000_second",
          ]);
          const migrations = yield* admin.transaction(
            client<{ action: string; target: string | null; after: unknown }>`
            select action, target_id::text as target, after from iam_audit_events
            where transaction = (select max(transaction) from iam_audit_events) order by number`,
          );
          assert.deepStrictEqual(migrations, [
            { action: "database.migrated", target: null, after: { migrations: '["20990102000000_second"]' } },
          ]);
          assert.deepStrictEqual(yield* told(`update app_notes set body = 'two', views = '3' where id = '${own}'`), [
            { action: "note.updated", before: { body: "none" }, after: { body: "two" } },
          ]);

          // A table that is gone leaves no function behind, and one that is called otherwise has one of its own.
          const all = yield* folderWith({ ...first, ...second, ...third, ...fourth }, "none");
          yield* migrate({ folder: all, schema: {} });
          assert.deepStrictEqual(yield* told(`delete from app_notices where id = '${own}'`), [
            { action: "note.deleted", before: { body: "two" }, after: null },
          ]);
          const functions = yield* admin.transaction(
            client<{ name: string }>`select proname as name from pg_proc where proname ~ '^iam_record_app_' order by 1`,
          );
          assert.deepStrictEqual(functions, [{ name: "iam_record_app_notices" }]);

          const inserted = ["a", "b"].map((last) => `insert into ${long}${last} (id, n) values ('${own}', 1)`);
          assert.deepStrictEqual(
            (yield* told(...inserted)).map(({ action }) => action),
            [`${long}a.created`, `${long}b.created`],
          );
        }),
    );
  });
}

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  it.effect("AUD-3: who has seen another's event comes after it, also where no transaction has begun since", () =>
    Effect.gen(function* () {
      // On a server of its own: a transaction of anybody else's would move the horizon.
      const { adminUrl } = yield* PostgresServer.make({ major });
      const admin = yield* connect(adminUrl);
      yield* admin`create role iam_app login`;
      yield* migrate(adminUrl);
      const writers = yield* Effect.forEach(["third", "second", "first"], (name) =>
        Effect.map(connect(adminUrl), (client) => ({ client, name })),
      );
      const last = yield* connect(adminUrl);
      const number = (client: PgClient) => client`select pg_current_xact_id()::text`;

      const attempt = Effect.gen(function* () {
        const run = yield* uuid;
        // The numbers of their transactions go against the order in which they write.
        for (const { client } of writers) yield* Effect.andThen(client`begin`, number(client));
        // When this one has ended, the horizon is beyond all of them, and stays there while nobody begins.
        yield* last.withTransaction(number(last));
        for (const [seen, { client, name }] of writers.toReversed().entries()) {
          const others = yield* client`select from iam_audit_events where after ->> 'name' = ${run}`;
          assert.lengthOf(others, seen);
          yield* client`insert into iam_organizations (id, name, slug) values (gen_random_uuid(), ${run}, ${run + name})`;
          yield* client`commit`;
        }
        const by = (...order: ReadonlyArray<string>) =>
          Effect.map(
            admin.unsafe<{ slug: string; horizon: string }>(
              `select after ->> 'slug' as slug, horizon::text from iam_audit_events where after ->> 'name' = $1
               order by ${order.join(", ")}`,
              [run],
            ),
            (rows) => ({
              names: rows.map(({ slug }) => slug.slice(run.length)),
              horizons: new Set(rows.map(({ horizon }) => horizon)).size,
            }),
          );
        return {
          whole: yield* by("horizon", "running desc", "transaction", "number"),
          // What orders them where the horizon is the same.
          without: yield* by("horizon", "transaction", "number"),
        };
      }).pipe(
        Effect.tap(({ whole }) => Effect.sync(() => assert.deepStrictEqual(whole.names, ["first", "second", "third"]))),
      );
      // The server itself may have begun something, and then the horizon alone tells.
      const tied = yield* Effect.repeat(attempt, { until: ({ whole }) => whole.horizons === 1, times: 50 });
      assert.strictEqual(tied.whole.horizons, 1);
      assert.deepStrictEqual(tied.without.names, ["third", "second", "first"]);
    }),
  );
});
