/**
 * Sealing: gives committed events their places in the log and in their chains, and signs the tree above them. Any process
 * that has the key may do it, one at a time: whoever has the head locked. Writers wait for nobody.
 *
 * A batch is what is seen now and was not seen by the last one. Whoever saw an event's transaction committed after it, so
 * that no batch has an event without those that it had seen. Within a batch the order is by what the event's transaction had
 * seen: its horizon, and how many transactions still ran below it. Both are PostgreSQL's own (`pg_current_snapshot`), so
 * that no clock and no sequence has a part in it.
 *
 * A batch that is large is sealed in parts, each of them signed and committed. The next part takes what is committed by then:
 * what the one before did not see, nothing that it sealed can have seen.
 */
import { AuditLog, AuditRetirement, Checkpoint, Errors, Merkle, type SignedNote } from "@beep/iam-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Bytes from "effect/Bytes";
import * as Context from "effect/Context";
import type { Signature } from "effect/crypto/Signature";
import * as DateTime from "effect/DateTime";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import type { SqlError } from "effect/sql/SqlError";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as retirements from "./retirements.ts";
import { apart, canonical, chainOf, type EventRow, eventColumns, joined } from "./rows.ts";
import { sha256 } from "./sha256.ts";

export { sha256 };

/** So many events are in memory at once. */
const PAGE = 2_000;
/**
 * So many are sealed in one transaction: what a log has that nobody sealed for a year is no single one. Each part sorts all
 * that is left, so that small ones would cost more than they do.
 */
export const PART = 200_000;
/** A checkpoint is kept for good when the last one is so old; the latest stands in the head anyway. */
const KEPT_EVERY = Duration.toMillis("1 minute");
/** How far a clock may have been set back when a database moves to another server. */
const CLOCK_MARGIN = "1 hour";

/** Why nothing is signed. */
export type Refused =
  | Errors.AuditEventUnknown
  | Errors.AuditLogBroken
  | Errors.NoteMalformed
  | Errors.NoteKeyUnknown
  | Errors.NoteSignatureInvalid
  | Errors.CheckpointMalformed
  | Errors.CheckpointOfAnotherLog;

/** How a log is sealed. */
export interface Options {
  readonly key: SignedNote.SignerKey;
  /** Public keys by which it was signed before. */
  readonly former?: ReadonlyArray<SignedNote.VerifierKey>;
  /** How many whole months of it are kept; all are where it is not stated. */
  readonly months?: Option.Option<number>;
  /** How many events are sealed in one transaction, to the next page of them; `PART` unless it is said. */
  readonly part?: number;
}

/** Seals the log. */
export class Sealer extends Context.Service<
  Sealer,
  {
    /**
     * Seals what is committed, a part of it at most, and says how many events that were: none also where another process
     * seals at the moment.
     *
     * It stops, before anything of the batch is sealed, at an event of a form that this version does not know, at one that
     * says of others wrongly that they may be retired, and where the log is not what was signed of it at last.
     */
    readonly seal: Effect.Effect<number, Refused | Errors.CommitUnknown | SqlError>;
  }
>()("@beep/iam-server/audit/Sealer") {}

interface Head {
  readonly size: bigint;
  readonly frontier: Uint8Array;
  readonly checkpoint: string | null;
  readonly system: string;
  readonly moving: boolean;
  readonly partial: boolean;
  /** The number of this server, which a dump that is restored elsewhere does not take along. */
  readonly here: string;
  /** Whether all that ran when the log arrived here has ended. */
  readonly settled: boolean;
  /** What the last batch had not seen: the transactions from one on, and those that ran below it. */
  readonly xmax: string;
  readonly xip: ReadonlyArray<string>;
  readonly since: Date | null;
}

interface Pending extends EventRow {
  readonly seen: string;
}

/** Those events `e` that have no seal: looked up for each, because a join might read the whole log for it. */
const unsealed = "where not exists (select from iam_audit_seals s where s.event_id = e.id offset 0)";

/**
 * The events that the last batch had not seen, in their order. What it had seen stands in the statement itself, so that the
 * plan is one for few events however long the log is.
 */
const pending = ({ partial, since, xip, xmax }: Pick<Head, "partial" | "since" | "xip" | "xmax">) => {
  const unseen = [
    `e.transaction >= '${xmax}'`,
    ...(xip.length === 0 ? [] : [`e.transaction in (${xip.map((id) => `'${id}'`).join()})`]),
  ];
  const recorded = since === null ? "" : `and e.recorded_at >= '${since.toISOString()}'`;
  return `
declare pending no scroll cursor for
select pg_current_snapshot()::text as seen, ${eventColumns}
from (${unseen.map((which) => `select * from iam_audit_events e where ${which} ${recorded}`).join(" union all ")}) e
${partial ? unsealed : ""}
order by e.horizon, e.running desc, e.transaction, e.number`;
};

/** After the log came from another server, all that is not sealed: there the numbers of transactions were others. */
const moved = `
declare pending no scroll cursor for
select pg_current_snapshot()::text as seen, ${eventColumns}
from iam_audit_events e ${unsealed}
order by e.recorded_at, e.horizon, e.running desc, e.transaction, e.number`;

const broken = (says: Errors.AuditLogBroken["says"], index: bigint, size: bigint) =>
  new Errors.AuditLogBroken({ says, index, last: size - 1n, event: null });

const make = ({ former = [], key, months = Option.none(), part = PART }: Options) =>
  Effect.gen(function* () {
    const client = yield* PgClient;
    const { transaction } = yield* ServiceConnection;
    const context = yield* Effect.context<Signature>();

    const lockHead = Effect.fnUntraced(function* () {
      const select = client<Head>`
        select size, frontier, checkpoint, system, moving, partial, here.system_identifier::text as here,
          pg_snapshot_xmin(pg_current_snapshot()) >= pg_snapshot_xmax(snapshot::pg_snapshot) as settled,
          pg_snapshot_xmax(snapshot::pg_snapshot)::text as xmax, since,
          array(select pg_snapshot_xip(snapshot::pg_snapshot)::text) as xip
        from iam_audit_heads, pg_control_system() here for update of iam_audit_heads skip locked`;
      const [head] = yield* select;
      if (head !== undefined) return head;
      // The first one makes it; of two the other waits here, and finds it made. Of a log that has begun it is missing.
      yield* client`
        insert into iam_audit_heads (size, frontier, snapshot, system, sealed_at)
        select 0, '', '1:1:', system_identifier::text, now() from pg_control_system()
        where not exists (select from iam_audit_seals) on conflict do nothing`;
      const [made] = yield* select;
      if (made !== undefined) return made;
      const [begun] = yield* client<{ size: bigint }>`
        select max(index) + 1 as size from iam_audit_seals where not exists (select from iam_audit_heads)`;
      return begun?.size == null ? undefined : yield* broken("truncated", 0n, begun.size);
    });

    /** As far as this process has sealed: nobody puts the log back behind its own memory. */
    let reached = 0n;

    /**
     * Looks whether the log is what was signed of it at last, before more is signed: otherwise whoever rewrote it would have
     * their work signed.
     */
    const demandSigned = Effect.fnUntraced(function* ({ checkpoint, frontier, size }: Head) {
      if (size < reached) return yield* broken("truncated", size, reached);
      if (size === 0n && checkpoint === null) return;
      if (checkpoint === null) return yield* broken("unsigned", 0n, size);
      const signed = yield* Effect.provide(
        Checkpoint.open(checkpoint, key.verifier.name, [key.verifier, ...former]),
        context,
      );
      const root = Merkle.root({ size, hashes: apart(frontier) }, sha256);
      if (signed.size !== size || !Bytes.Equivalence(signed.root, root)) return yield* broken("rewritten", 0n, size);
      reached = size;
    });

    /** Where the chains end that some events are to be put to. */
    const headsOf = Effect.fnUntraced(function* (rows: ReadonlyArray<Pending>, known: ReadonlyMap<string, Uint8Array>) {
      const chains = new Map(rows.map((row) => [chainOf(row) ?? "", row.organization_id]));
      const unknown = [...chains].filter(([chain]) => !known.has(chain));
      if (unknown.length === 0) return [];
      const found = yield* client<{ organization_id: string | null; position: bigint; hash: Uint8Array }>`
        select last.organization_id, last.position, last.hash
        from unnest(${unknown.map(([, id]) => id ?? "")}::text[]) chain (id) cross join lateral (
          (
            select s.* from iam_audit_seals s where s.organization_id = nullif(chain.id, '')::uuid
            order by s.position desc limit 1
          ) union all (
            select s.* from iam_audit_seals s where chain.id = '' and s.organization_id is null
            order by s.position desc limit 1
          )
        ) last`;
      return found;
    });

    const batch = Effect.fnUntraced(function* () {
      const head = yield* lockHead();
      if (head === undefined) return 0;
      if (head.here !== head.system) {
        // What runs now may have begun before anybody knew that the log is here.
        yield* client`
          update iam_audit_heads set system = ${head.here}, moving = true, snapshot = pg_current_snapshot()::text,
            since = clock_timestamp() - ${CLOCK_MARGIN}::interval`;
        return 0;
      }
      if (head.moving && !head.settled) return 0;
      yield* demandSigned(head);
      return yield* sealAll(head);
    });

    /** What is seen now: for where nothing is left of a batch, of which the rows would say it. */
    const seeing = Effect.map(
      client<{ seen: string }>`select pg_current_snapshot()::text as seen`,
      ([row]) => row?.seen,
    );

    const sealAll = Effect.fnUntraced(function* (head: Head) {
      let seen = head.partial ? yield* seeing : undefined;
      yield* client.unsafe(head.moving ? moved : pending(head));
      let log = AuditLog.grow({ tree: { size: head.size, hashes: apart(head.frontier) }, heads: new Map() }, sha256);
      const positions = new Map<string, bigint>();
      const page = Math.min(PAGE, part);
      let isPart = false;
      while (true) {
        const rows = yield* client.unsafe<Pending>(`fetch ${page} from pending`);
        seen = rows[0]?.seen ?? seen;
        const { heads, tree } = log.state();
        const more = yield* headsOf(rows, heads);
        const ends = new Map(more.map((row) => [chainOf(row) ?? "", row.hash]));
        for (const row of more) positions.set(chainOf(row) ?? "", row.position + 1n);
        log = AuditLog.grow({ tree, heads: new Map([...heads, ...ends]) }, sha256);
        const seals: Array<{ readonly row: Pending; readonly position: bigint } & AuditLog.Seal> = [];
        for (const row of rows) {
          if (row.action === AuditRetirement.ACTION) yield* retirements.demandTrue(row, head.size, months);
          const event = canonical(row);
          if (Result.isFailure(event)) return yield* event.failure;
          const chain = chainOf(row);
          const position = positions.get(chain ?? "") ?? 0n;
          positions.set(chain ?? "", position + 1n);
          seals.push({ row, position, ...log.append(chain, event.success) });
        }
        if (seals.length > 0) {
          yield* client`
            insert into iam_audit_seals (index, organization_id, position, event_id, recorded_at, hash, nodes)
            select index, nullif(organization, '')::uuid, position, event, at, hash, nodes from unnest(
              ${seals.map(({ index }) => index)}::int8[], ${seals.map(({ row }) => row.organization_id ?? "")}::text[],
              ${seals.map(({ position }) => position)}::int8[], ${seals.map(({ row }) => row.id)}::uuid[],
              ${seals.map(({ row }) => row.recorded_at)}::timestamptz[], ${seals.map((seal) => seal.hash)}::bytea[],
              ${seals.map(({ completed }) => joined(completed))}::bytea[]
            ) seal (index, organization, position, event, at, hash, nodes)`;
        }
        if (rows.length < page) break;
        if (Number(log.tree().size - head.size) >= part) {
          isPart = true;
          break;
        }
      }
      yield* client.unsafe("close pending");
      const sealed = Number(log.tree().size - head.size);
      if (seen !== undefined || head.moving) yield* moveHead(log, seen, isPart);
      return sealed;
    });

    /** Of a part, only the tree grows: what was seen, and from where the log comes, stays as it was until all is sealed. */
    const moveHead = Effect.fnUntraced(function* (log: AuditLog.Growing, seen: string | undefined, isPart: boolean) {
      const note = yield* Effect.provide(Checkpoint.sign(log.tree(), key), context);
      const { hashes, size } = log.state().tree;
      const now = DateTime.toDateUtc(yield* DateTime.now);
      yield* client`
        update iam_audit_heads set size = ${size}, frontier = ${joined(hashes)}, moving = moving and ${isPart},
          snapshot = coalesce(${isPart ? null : (seen ?? null)}, snapshot), partial = ${isPart}, checkpoint = ${note},
          sealed_at = ${now}`;
      yield* client`
        insert into iam_audit_checkpoints (size, note, created_at) select ${size}, ${note}, ${now}
        where coalesce((select created_at from iam_audit_checkpoints order by size desc limit 1), '-infinity')
          <= ${now}::timestamptz - ${KEPT_EVERY} * interval '1 millisecond' on conflict do nothing`;
    });

    return Sealer.of({
      seal: transaction(batch()).pipe(Effect.provideService(PgClient, client), Effect.withSpan("Sealer.seal")),
    });
  });

/** Seals by a key. */
export const layer = (options: Options): Layer.Layer<Sealer, never, PgClient | ServiceConnection | Signature> =>
  Layer.effect(Sealer, make(options));
