/** What somebody does to the log who owns the database, and what finds it: with triggers off, hashes made anew, keys changed. */
import { type AuditExport, AuditLog, Checkpoint, type Errors, SignedNote } from "@beep/iam-domain";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { connect, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Log from "../../src/audit/Log.ts";
import { canonical, chainOf, type EventRow, eventColumns, joined } from "../../src/audit/rows.ts";
import { sha256 } from "../../src/audit/sha256.ts";
import { organizations, origin, sealed, trust } from "./log.ts";

type Client = PgClient;

/** The tables of the log, of which copies are kept to put it right again after each attack. */
const tables = ["iam_audit_events", "iam_audit_seals", "iam_audit_heads", "iam_audit_checkpoints"];

const withoutTriggers = (client: Client) =>
  Effect.forEach(tables, (table) => client.unsafe(`alter table ${table} disable trigger all`), { discard: true });

const keep = (client: Client) =>
  Effect.forEach(tables, (table) => client.unsafe(`create table kept_${table} as select * from ${table}`), {
    discard: true,
  });

const restore = (client: Client) =>
  Effect.forEach(
    tables,
    (table) =>
      Effect.andThen(
        client.unsafe(`delete from ${table}`),
        client.unsafe(`insert into ${table} select * from kept_${table}`),
      ),
    { discard: true },
  );

/** What somebody does who knows how the log is made: all hashes anew, so that everything fits together. */
const recompute = Effect.fnUntraced(function* (client: Client) {
  const rows = yield* client.unsafe<EventRow & { readonly was: bigint }>(
    `select s.index as was, ${eventColumns} from iam_audit_seals s
    join iam_audit_events e on e.recorded_at = s.recorded_at and e.id = s.event_id order by s.index`,
  );
  const log = AuditLog.grow(AuditLog.empty, sha256);
  const positions = new Map<string | null, bigint>();
  yield* client`delete from iam_audit_seals`;
  const seals: Array<{ readonly row: EventRow; readonly position: bigint } & AuditLog.Seal> = [];
  for (const row of rows) {
    const chain = chainOf(row);
    const position = positions.get(chain) ?? 0n;
    positions.set(chain, position + 1n);
    seals.push({ row, position, ...log.append(chain, yield* Effect.fromResult(canonical(row))) });
  }
  yield* client`
    insert into iam_audit_seals (index, organization_id, position, event_id, recorded_at, hash, nodes)
    select index, nullif(organization, '')::uuid, position, event, at, hash, nodes from unnest(
      ${seals.map(({ index }) => index)}::int8[], ${seals.map(({ row }) => row.organization_id ?? "")}::text[],
      ${seals.map(({ position }) => position)}::int8[], ${seals.map(({ row }) => row.id)}::uuid[],
      ${seals.map(({ row }) => row.recorded_at)}::timestamptz[], ${seals.map(({ hash }) => hash)}::bytea[],
      ${seals.map(({ completed }) => joined(completed))}::bytea[]
    ) seal (index, organization, position, event, at, hash, nodes)`;
  yield* client`update iam_audit_heads set size = ${log.tree().size}, frontier = ${joined(log.state().tree.hashes)}`;
  return log.tree();
});

interface Attack {
  readonly title: string;
  readonly run: (
    client: Client,
    middle: { readonly index: bigint; readonly event: string; readonly chain: string },
  ) => Effect.Effect<unknown, unknown, SignatureServices>;
  /** What the verifier says, and whether it names the event in the middle. */
  readonly found: { readonly says: Says; readonly named?: boolean };
  /** Why nothing more is sealed after it, where that is tried. */
  readonly refused?: Says;
}

type Says = Errors.AuditLogBroken["says"] | "signed by another key";

type SignatureServices = Effect.Services<ReturnType<typeof SignedNote.generateSignerKey>>;

const attacks: ReadonlyArray<Attack> = [
  {
    title: "an event is edited",
    run: (client, { event }) =>
      client`update iam_audit_events set after = '{"role": "owner"}' where id = ${event}::uuid`,
    found: { says: "changed", named: true },
  },
  {
    title: "who did it is edited",
    run: (client, { event }) =>
      client`update iam_audit_events set context = '{"actor": "nobody"}' where id = ${event}::uuid`,
    found: { says: "changed", named: true },
  },
  {
    title: "its hash is edited",
    run: (client, { index }) => client`update iam_audit_seals set hash = sha256('x') where index = ${index}`,
    found: { says: "changed", named: true },
  },
  {
    title: "the hashes that proofs are made of are edited",
    run: (client, { index }) =>
      client`update iam_audit_seals set nodes = decode(repeat('00', 32), 'hex') where index = ${index}`,
    found: { says: "changed", named: true },
  },
  {
    title: "an event is deleted",
    run: (client, { event }) => client`delete from iam_audit_events where id = ${event}::uuid`,
    found: { says: "missing", named: true },
  },
  {
    title: "an event is deleted with its seal",
    run: (client, { event, index }) =>
      Effect.andThen(
        client`delete from iam_audit_events where id = ${event}::uuid`,
        client`delete from iam_audit_seals where index = ${index}`,
      ),
    found: { says: "missing", named: true },
  },
  {
    title: "two events change places",
    run: (client, { index }) =>
      Effect.andThen(
        client`delete from iam_audit_seals where index in (${index}, ${index + 1n})`,
        client`
          insert into iam_audit_seals (index, organization_id, position, event_id, recorded_at, hash, nodes)
          select here.index, here.organization_id, here.position, there.event_id, there.recorded_at, here.hash, here.nodes
          from kept_iam_audit_seals here join kept_iam_audit_seals there on there.index <> here.index
          where here.index in (${index}, ${index + 1n}) and there.index in (${index}, ${index + 1n})`,
      ),
    found: { says: "changed" },
  },
  {
    title: "an event is added behind what is sealed",
    run: (client, { event }) => client`
      insert into iam_audit_events (organization_id, action, horizon, running, number, transaction)
      select organization_id, 'member.created', horizon, running, 99, transaction from iam_audit_events
      where id = ${event}::uuid`,
    found: { says: "unsealed" },
  },
  {
    title: "the end is cut off",
    run: (client, { index }) =>
      Effect.andThen(
        client`delete from iam_audit_seals where index >= ${index}`,
        Effect.andThen(client`delete from iam_audit_checkpoints where size > ${index}`, recompute(client)),
      ).pipe(Effect.andThen(client`update iam_audit_heads set checkpoint = null`)),
    found: { says: "truncated" },
  },
  {
    title: "the head is removed",
    run: (client) => client`delete from iam_audit_heads`,
    found: { says: "truncated" },
    refused: "truncated",
  },
  {
    title: "all is made anew, without a checkpoint",
    run: (client, { event }) =>
      Effect.gen(function* () {
        yield* client`update iam_audit_events set login = 'nobody' where id = ${event}::uuid`;
        yield* recompute(client);
        yield* client`delete from iam_audit_checkpoints`;
        yield* client`update iam_audit_heads set checkpoint = null`;
      }),
    found: { says: "unsigned" },
    refused: "unsigned",
  },
  {
    title: "a whole chain is removed, and every hash made anew",
    run: (client, { chain }) =>
      Effect.andThen(
        client`delete from iam_audit_seals where organization_id = ${chain}::uuid`,
        Effect.andThen(client`delete from iam_audit_events where organization_id = ${chain}::uuid`, recompute(client)),
      ),
    found: { says: "rewritten" },
  },
  {
    title: "an event is edited, and every hash made anew",
    run: (client, { event }) =>
      Effect.andThen(
        client`update iam_audit_events set after = '{"role": "owner"}' where id = ${event}::uuid`,
        recompute(client),
      ),
    found: { says: "rewritten" },
    refused: "rewritten",
  },
  {
    title: "everything is made anew, and signed by another key of the same name",
    run: (client, { event }) =>
      Effect.gen(function* () {
        yield* client`update iam_audit_events set login = 'nobody' where id = ${event}::uuid`;
        const tree = yield* recompute(client);
        const note = yield* Checkpoint.sign(tree, yield* SignedNote.generateSignerKey(origin));
        yield* client`delete from iam_audit_checkpoints`;
        yield* client`update iam_audit_heads set checkpoint = ${note}`;
      }),
    found: { says: "signed by another key" },
    refused: "signed by another key",
  },
];

/** Three organizations with so many events each, sealed in several batches. */
const written = Effect.fnUntraced(function* (client: Client, count: number) {
  const ids = (yield* organizations("one", "two", "three")).map(SharedEntityIds.OrganizationId.toUuid);
  for (let batch = 0; batch < 8; batch++) {
    yield* client`
      insert into iam_teams (id, organization_id, name)
      select gen_random_uuid(), id, 'team ' || ${batch} || '-' || n
      from generate_series(1, ${Math.ceil(count / 8)}) n, unnest(${ids}::uuid[]) id`;
    yield* sealed;
  }
});

const saysOf = (fault: Effect.Error<typeof sealed> | AuditExport.Fault): unknown =>
  fault._tag === "AuditLogBroken" ? fault.says : fault._tag === "NoteKeyUnknown" ? "signed by another key" : fault;

/** Each attack upon a log of three organizations with so many events each, and that it is found and named. */
export const allAreFound = Effect.fnUntraced(function* (count: number) {
  const { adminUrl } = yield* TestDatabase;
  const client = yield* connect(adminUrl);
  yield* written(client, count);
  const log = yield* Log.Log;
  const known = yield* trust;
  const { size } = yield* log.verify(known);
  const kept = yield* Checkpoint.open(Option.getOrThrow(yield* log.checkpoint), origin, known.keys);
  const [middle] = yield* client<{ index: bigint; event_id: string; organization_id: string }>`
    select * from iam_audit_seals where organization_id is not null and index % 2 = 1 and index >= ${size / 2n}
    order by index limit 1`;
  assert.isDefined(middle);
  const event = IamEntityIds.AuditEventId.fromUuid(middle.event_id);
  yield* withoutTriggers(client);
  yield* keep(client);
  for (const { found, refused, run, title } of attacks) {
    yield* run(client, { index: middle.index, event: middle.event_id, chain: middle.organization_id });
    if (refused !== undefined) assert.strictEqual(saysOf(yield* Effect.flip(sealed)), refused, title);
    const byKeyAlone = found.says === "signed by another key" || found.says === "unsigned";
    const fault = yield* Effect.flip(log.verify(byKeyAlone ? known : { ...known, kept: [kept] }));
    assert.strictEqual(saysOf(fault), found.says, title);
    if (found.named === true) {
      assert.isTrue(fault._tag === "AuditLogBroken" && fault.index === middle.index, title);
      if (fault._tag === "AuditLogBroken" && fault.event !== null) assert.strictEqual(fault.event, event, title);
    }
    yield* restore(client);
  }
  // Each was found by what it did, and not by what another had left.
  yield* log.verify({ ...known, kept: [kept] });
  return { attacks: attacks.length, size };
}, Effect.scoped);
