/**
 * What recording and sealing cost: the same change in databases of one server, without its event, with it, with it while a
 * process seals, and with a chain as it is usually made, by a row that every change has to lock. Then how fast the log is
 * verified, from an export in memory and from the database.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { AuditExport, SignedNote } from "@beep/iam-domain";
import { AuditLog, AuditSealer, Tenancy } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Clock from "effect/Clock";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import type { Benchmark, Case, SetUp, Subject } from "../Benchmark.ts";
import * as Database from "../Database.ts";
import { settings, temporaryFolder } from "../services.ts";

const ORIGIN = "bench";
const TENANTS = 100;
/** How many change something at once, each on a connection of its own. */
const WRITERS = 16;
/** Each tenant has as many rows and more, so that none waits for another's row. */
const ROWS = 64;
/** Events of the log that is verified. */
const EVENTS = 20_000;
/** Those that are verified after the others. */
const NEW = 1_000;

const sealing = fileURLToPath(new URL("../sealing.ts", import.meta.url));

const names = ["without", "recorded", "sealed", "locked"] as const;

const crypto = Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto));

/** Tenants with teams to rename, and a log of some length. */
const fill = Effect.fnUntraced(function* ({ admin }: Database.Database) {
  const organizations = Array.from({ length: TENANTS }, () => SharedEntityIds.OrganizationId.create());
  const uuids = organizations.map(SharedEntityIds.OrganizationId.toUuid);
  yield* admin`
    insert into iam_organizations (id, name, slug) select id, id::text, id::text from unnest(${uuids}::uuid[]) id`;
  yield* admin`
    insert into iam_teams (id, organization_id, name)
    select md5(id::text || n)::uuid, id, n::text from unnest(${uuids}::uuid[]) id, generate_series(0, ${ROWS - 1}) n`;
  const left = EVENTS - TENANTS * (ROWS + 1);
  yield* admin`
    insert into iam_teams (id, organization_id, name)
    select gen_random_uuid(), ${uuids[0] ?? ""}::uuid, 'more ' || n from generate_series(1, ${left}) n`;
  yield* admin`create table chain_heads as select id, sha256('') as hash from iam_organizations`;
  yield* admin`alter table chain_heads add primary key (id)`;
  yield* admin`grant select, update on chain_heads to iam_tenant`;
  yield* admin`vacuum analyze`;
  return organizations;
});

type Organizations = ReadonlyArray<SharedEntityIds.OrganizationId>;

/** A change within a tenant; `more` is done in the same transaction. */
const change = (
  { services }: Database.Database,
  organizations: Organizations,
  more?: (client: PgClient, id: string) => Effect.Effect<unknown, unknown>,
): Case["operation"] => {
  let turn = 0;
  return () => {
    turn += 1;
    const number = turn;
    const organization = organizations[number % organizations.length];
    if (organization === undefined) return Effect.die(new Error("There is a tenant for each turn."));
    return Effect.gen(function* () {
      const client = yield* PgClient;
      const changed = yield* client`
        update iam_teams set member_count = member_count + 1
        where id = md5(${SharedEntityIds.OrganizationId.toUuid(organization) + String(number % ROWS)})::uuid returning id`;
      if (changed.length !== 1) return yield* Effect.die(new Error("One row is changed."));
      if (more !== undefined) yield* more(client, SharedEntityIds.OrganizationId.toUuid(organization));
    }).pipe(Tenancy.within(organization), Effect.provide(services));
  };
};

/** As is usual: whoever changes something of a tenant waits for whoever does at the moment, until that one has committed. */
const byLockedRow = (client: PgClient, id: string) =>
  client`update chain_heads set hash = sha256(hash) where id = ${id}::uuid`;

export const audit: Benchmark = {
  name: "audit",
  description: "Recording what changes, sealing it, and verifying the log: what they cost.",
  setUp: Effect.gen(function* () {
    const { databases, filled: organizations } = yield* Database.makeCopies(names, fill, WRITERS);
    const of = (name: (typeof names)[number]) => {
      const database = databases.get(name);
      if (database === undefined) throw new Error("Each name has a database.");
      return database;
    };
    yield* of("without").admin`alter table iam_teams disable trigger iam_record`;
    const key = yield* SignedNote.generateSignerKey(ORIGIN);
    const sealed = of("sealed");
    const log = yield* Layer.build(
      Layer.merge(AuditSealer.layer({ key }), AuditLog.layer).pipe(
        Layer.provide(Layer.succeedContext(sealed.services)),
      ),
    );
    const { lines, verify } = yield* Effect.provide(AuditLog.Log, log);

    const began = yield* Clock.currentTimeMillis;
    const backlog = yield* Effect.flatMap(AuditSealer.Sealer, ({ seal }) => seal).pipe(Effect.provide(log));
    const took = (yield* Clock.currentTimeMillis) - began;
    const trust = { origin: ORIGIN, keys: [key.verifier] };
    const file = `${(yield* Stream.runCollect(lines(ORIGIN))).join("\n")}\n`;
    const { size } = yield* AuditExport.verify(file, trust, AuditSealer.sha256);

    yield* keepSealed(sealed, key);
    const delays = yield* untilSealed(sealed, organizations.slice(0, 1));
    const { state } = yield* verify(trust);
    yield* sealed.admin`
      update iam_teams set member_count = member_count + 1 where id in (select id from iam_teams limit ${NEW})`;
    yield* allSealed(sealed);

    const changes = (title: string, some: Organizations): Subject => ({
      name: `A change, ${title}`,
      // Sealing is in batches, several in a second: of short turns it would be a matter of luck which one it hits.
      plan: { concurrencies: [1, WRITERS], milliseconds: 1_000 },
      cases: [
        { name: "with its event, and no chain", operation: change(of("recorded"), some) },
        { name: "sealed meanwhile", operation: change(sealed, some) },
        { name: "without its event", operation: change(of("without"), some) },
        { name: "with a chain by a locked row", operation: change(of("locked"), some, byLockedRow) },
      ],
    });
    const whole = Effect.provide(AuditExport.verify(file, trust, AuditSealer.sha256), crypto);
    const set: SetUp = {
      subjects: [
        // First, as long as nothing is added.
        {
          name: `Verifying ${size} events`,
          plan: { concurrencies: [1], milliseconds: 500 },
          cases: [
            { name: "hashing what is hashed", operation: () => Effect.sync(() => hashed(file)) },
            { name: "an export in memory", operation: () => whole },
            { name: "the database", operation: () => verify(trust) },
            { name: `${NEW} new ones, in the database`, operation: () => verify({ ...trust, state }) },
          ],
        },
        changes("one tenant", organizations.slice(0, 1)),
        changes(`${TENANTS} tenants`, organizations),
      ],
      notes: [
        `Sealing ${backlog} events that waited took ${took} ms: ${Math.round((backlog / took) * 1_000)} a second.`,
        `From a commit to the signed checkpoint above it, one at a time: median ${at(delays, 0.5)} ms, 99th percentile ${at(delays, 0.99)} ms.`,
      ],
    };
    return set;
  }).pipe(Effect.provide(crypto)),
};

/** What verifying cannot do without: a hash of each event, of each leaf and of each node. */
const hashed = (file: string): number => {
  let count = 0;
  const pair = Buffer.alloc(65);
  for (let from = 0; from < file.length; ) {
    const until = file.indexOf("\n", from);
    const event = AuditExport.eventIn(file.slice(from, until));
    from = until + 1;
    if (event === undefined) continue;
    AuditSealer.sha256(Buffer.from(event));
    AuditSealer.sha256(pair.subarray(0, 33));
    AuditSealer.sha256(pair);
    count += 1;
  }
  return count;
};

/** Has a process of its own seal what comes, for as long as the scope is open. */
const keepSealed = Effect.fnUntraced(function* (database: Database.Database, key: SignedNote.SignerKey) {
  const { admin, adminUrl, appUrl } = database;
  const signingKey = Redacted.value(yield* SignedNote.formatSignerKey(key));
  const folder = yield* temporaryFolder;
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, ["--conditions=@beep/source", sealing], {
        cwd: folder,
        env: {
          ...process.env,
          ...settings,
          DATABASE_URL: Redacted.value(appUrl),
          IAM_MIGRATIONS_URL: Redacted.value(adminUrl),
          IAM_AUDIT_SIGNING_KEY: signingKey,
        },
        stdio: ["ignore", "ignore", "inherit"],
      }),
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL")),
  );
  // It is there once it seals.
  yield* admin`update iam_organizations set name = name where id = (select min(id::text) from iam_organizations)::uuid`;
  yield* allSealed(database);
});

/** Waits until everything is. */
const allSealed = Effect.fnUntraced(function* ({ admin }: Database.Database) {
  const isSealed = Effect.map(
    admin<{ pending: boolean }>`
      select exists (select from iam_audit_events e where not exists (select from iam_audit_seals s where s.event_id = e.id))
        as pending`,
    ([row]) => row?.pending === false,
  );
  while (!(yield* isSealed)) yield* Effect.sleep("20 millis");
});

const SAMPLES = 300;

/** How long each of some changes waits until a signed checkpoint covers it, in milliseconds. */
const untilSealed = Effect.fnUntraced(function* (database: Database.Database, organizations: Organizations) {
  const operation = change(database, organizations);
  const delays: Array<number> = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    yield* operation(sample);
    const committed = yield* Clock.currentTimeMillis;
    const isCovered = Effect.map(
      database.admin<{ covered: boolean }>`
        select not exists (
          select from iam_audit_events e where not exists (select from iam_audit_seals s where s.event_id = e.id)
          and e.recorded_at > now() - interval '10 seconds'
        ) as covered`,
      ([row]) => row?.covered === true,
    );
    while (!(yield* isCovered)) yield* Effect.sleep("2 millis");
    delays.push((yield* Clock.currentTimeMillis) - committed);
  }
  return delays.sort((one, other) => one - other);
});

const at = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
