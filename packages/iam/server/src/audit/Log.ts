/** Reading the log: verifying it, taking it along, and proving what stands in it. */
import { AuditExport, Checkpoint, Errors, Merkle, type AuditLog as Pure, SignedNote } from "@beep/iam-domain";
import { EntityId, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Bytes from "effect/Bytes";
import * as Context from "effect/Context";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import type * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import type { SqlError } from "effect/sql/SqlError";
import type { Fragment } from "effect/sql/Statement";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { apart, canonical, chainOf, type EventRow, eventColumns } from "./rows.ts";
import { sha256 } from "./sha256.ts";

/** So many events are read at once. */
const PAGE = 2_000;

/** What a statement, or the connection, may fail by. */
type Unavailable = SqlError | Errors.CommitUnknown;

/** What shows that an event stands in the log: to be checked with the public key alone. */
export interface InclusionProof {
  readonly index: bigint;
  /** The event in its canonical form. */
  readonly event: string;
  /** Its hash, which covers the one before it in its chain. */
  readonly hash: Merkle.Hash;
  readonly proof: Merkle.Proof;
  /** The signed checkpoint to whose root the proof leads. */
  readonly checkpoint: string;
}

/** An event and its place in the log. */
export interface Entry {
  readonly index: bigint;
  readonly id: IamEntityIds.AuditEventId;
  readonly at: Date;
  readonly organization: SharedEntityIds.OrganizationId | null;
  readonly action: string;
  /** What it happened to, by its id. */
  readonly target: string | null;
  readonly outcome: string;
  /** Who, where and why; nothing where something else than the services wrote. */
  readonly context: Schema.Json;
  readonly login: string;
  readonly before: Schema.Json;
  readonly after: Schema.Json;
}

/** Part of the log. */
export interface Range {
  /** From this index on. */
  readonly from: bigint;
  readonly limit: number;
  /** Of one organization's chain. */
  readonly organization?: SharedEntityIds.OrganizationId | undefined;
}

/** The log, to be read. */
export class Log extends Context.Service<
  Log,
  {
    /** The latest signed checkpoint; none as long as nothing was sealed. */
    readonly checkpoint: Effect.Effect<Option.Option<string>, Unavailable>;
    /** How many events are sealed. */
    readonly size: Effect.Effect<bigint, Unavailable>;
    /** Events in the order of the log. */
    readonly entries: (range: Range) => Effect.Effect<ReadonlyArray<Entry>, Unavailable>;
    /** The last events, in the order of the log. */
    readonly latest: (range: Omit<Range, "from">) => Effect.Effect<ReadonlyArray<Entry>, Unavailable>;
    /** The log as lines of an export, from an event on. */
    readonly lines: (
      origin: string,
      from?: bigint,
    ) => Stream.Stream<string, Errors.AuditEventUnknown | Errors.AuditLogBroken | Unavailable>;
    /**
     * Verifies what the database holds: the events, their seals, the hashes that proofs are made of, the checkpoints, and
     * that nothing stands behind what was sealed. With a state it does so of what is new since, and takes as long as that.
     */
    readonly verify: (trust: AuditExport.Trust) => Effect.Effect<AuditExport.Verified, AuditExport.Fault | Unavailable>;
    /** Proves that an event is in the log. None where it is not sealed yet, or is none. */
    readonly prove: (
      id: IamEntityIds.AuditEventId,
    ) => Effect.Effect<
      Option.Option<InclusionProof>,
      | Errors.TreeNodeMissing
      | Errors.AuditEventUnknown
      | Errors.CheckpointMalformed
      | Errors.NoteMalformed
      | Unavailable
    >;
    /** Proves that the log of a size begins with the log of a smaller one. */
    readonly proveConsistency: (
      first: bigint,
      second: bigint,
    ) => Effect.Effect<Merkle.Proof, Errors.TreeNodeMissing | Unavailable>;
  }
>()("@beep/iam-server/audit/Log") {}

interface SealedRow extends EventRow {
  readonly index: bigint;
  readonly hash: Uint8Array;
  readonly nodes: Uint8Array;
  readonly sealed_event: string;
  readonly sealed_organization: string | null;
}

interface HeadRow {
  readonly size: bigint;
  readonly checkpoint: string | null;
}

/** A line, and what is stored with the event that it has. */
interface Line {
  readonly text: string;
  readonly row?: SealedRow;
}

const broken = (says: Errors.AuditLogBroken["says"], index: bigint, uuid?: string) =>
  new Errors.AuditLogBroken({
    says,
    index,
    last: index,
    event: uuid === undefined ? null : IamEntityIds.AuditEventId.fromUuid(uuid),
  });

const make = Effect.gen(function* () {
  const { client, statement } = yield* ServiceConnection;
  const context = yield* Effect.context<Signature.Signature>();

  const head = Effect.map(
    statement(client<HeadRow>`select size, checkpoint from iam_audit_heads`),
    ([row]): HeadRow => row ?? { size: 0n, checkpoint: null },
  );

  const page = (from: bigint, until: bigint) =>
    statement(
      client.unsafe<SealedRow>(
        // Each event is found by its key: a join might read all of them for each page.
        `select s.index, s.hash, s.nodes, s.event_id as sealed_event, s.organization_id as sealed_organization,
          ${eventColumns}
        from (select * from iam_audit_seals where index >= $1 and index < $2 order by index limit ${PAGE}) s
          left join lateral (
            select * from iam_audit_events where recorded_at = s.recorded_at and id = s.event_id offset 0
          ) e on true
        order by s.index`,
        [from, until],
      ),
    );

  const entry = (
    row: SealedRow,
    expected: bigint,
  ): Result.Result<Line, Errors.AuditEventUnknown | Errors.AuditLogBroken> => {
    if (row.index !== expected) return Result.fail(broken("missing", expected));
    // The other side of an outer join.
    if (row.id === null) {
      const chain = chainOf({ organization_id: row.sealed_organization });
      const id = IamEntityIds.AuditEventId.fromUuid(row.sealed_event);
      return Result.succeed({ text: AuditExport.retired(chain, id, row.hash), row });
    }
    return Result.map(canonical(row), (event) => ({
      text: AuditExport.entry(event, row.hash),
      row,
    }));
  };

  const linesOf = (origin: string, from: bigint) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const { checkpoint, size } = yield* head;
        const kept = yield* statement(client<{ size: bigint; note: string }>`
          select size, note from iam_audit_checkpoints where size > ${from} and size < ${size} order by size`);
        const notes = [...kept, ...(checkpoint === null ? [] : [{ size, note: checkpoint }])];
        const entries = Stream.paginate(from, (at: bigint) =>
          Effect.gen(function* () {
            if (at >= size) return [[], Option.none<bigint>()] as const;
            const rows = yield* page(at, size);
            if (rows.length === 0) return yield* broken("missing", at);
            const lines: Array<Line> = [];
            for (const [offset, row] of rows.entries()) {
              const index = at + BigInt(offset);
              lines.push(yield* Effect.fromResult(entry(row, index)));
              while (notes[0] !== undefined && notes[0].size === index + 1n) {
                lines.push({ text: AuditExport.checkpoint(notes.shift()?.note ?? "") });
              }
            }
            return [lines, Option.some(at + BigInt(rows.length))] as const;
          }),
        );
        return Stream.succeed<Line>({ text: AuditExport.header(origin, from) }).pipe(
          Stream.concat(entries),
          Stream.concat(Stream.succeed<Line>({ text: AuditExport.end(size) })),
        );
      }),
    );

  /** Events that were there before the last batch, and are in none; of those as old as what was sealed from an index on. */
  const behind = (from: bigint) =>
    statement(client<{ id: string }>`
      select e.id from iam_audit_heads h, iam_audit_events e
      where not h.moving and pg_visible_in_snapshot(e.transaction, h.snapshot::pg_snapshot)
        and e.recorded_at >= coalesce(
          (select min(recorded_at) from iam_audit_seals where index >= ${from - 1n} and ${from > 0n}::boolean), '-infinity')
        -- By the index for each: of a table that has just been filled the planner may think that it is empty.
        and not exists (select from iam_audit_seals s where s.event_id = e.id offset 0) limit 1`);

  const nodesOf = Effect.fnUntraced(function* (plan: Merkle.Plan) {
    const leaves = [...new Set(plan.flat().map((node) => Merkle.storedAt(node).leaf))];
    const rows = yield* statement(client<{ index: bigint; hash: Uint8Array; nodes: Uint8Array }>`
      select index, hash, nodes from iam_audit_seals where index = any(${leaves}::int8[])`);
    return Merkle.lookupIn(
      new Map(
        rows.map(({ hash, index, nodes }) => [index, { leaf: Merkle.leafHash(hash, sha256), completed: apart(nodes) }]),
      ),
    );
  });

  const prove = Effect.fnUntraced(function* (plan: Merkle.Plan) {
    return yield* Merkle.prove(plan, yield* nodesOf(plan));
  });

  /** Those of which there are events, in the order of the log, or of a chain, which is the same; each found by its key. */
  const entries = (where: Fragment, order: string) =>
    Effect.map(
      statement(client<SealedRow>`
        select s.index, ${client.literal(eventColumns)} from iam_audit_seals s
          cross join lateral (
            select * from iam_audit_events where recorded_at = s.recorded_at and id = s.event_id offset 0
          ) e
        where ${where} order by ${client.literal(order)}`),
      (rows) => rows.map(entryOf),
    );

  const inChain = (organization: SharedEntityIds.OrganizationId) =>
    client`s.organization_id = ${SharedEntityIds.OrganizationId.toUuid(organization)}`;

  /**
   * The position in a chain at which its events from an index on begin. Positions have no gaps and the indexes grow with
   * them, so that it is found by halves, by the index that there is: one more would have to be written for every seal.
   */
  const positionOf = (organization: SharedEntityIds.OrganizationId, from: bigint) => client`(
    with recursive part (low, high) as (
      select 0::int8, coalesce(
        (select s.position + 1 from iam_audit_seals s where ${inChain(organization)} order by s.position desc limit 1), 0)
      union all
      select case when s.index < ${from} then s.position + 1 else part.low end,
        case when s.index < ${from} then part.high else s.position end
      from part cross join lateral (
        select * from iam_audit_seals s where ${inChain(organization)} and s.position = (part.low + part.high) / 2 offset 0
      ) s where part.low < part.high
    )
    select max(low) from part
  )`;

  return Log.of({
    checkpoint: Effect.map(head, ({ checkpoint }) => Option.fromNullishOr(checkpoint)),
    size: Effect.map(head, ({ size }) => size),
    entries: Effect.fn("Log.entries")(({ from, limit, organization }) =>
      organization === undefined
        ? entries(client`s.index >= ${from}`, `s.index limit ${limit}`)
        : entries(
            // Where a seal is missing the search ends early. By the index itself all chains would be read from there on.
            client`${inChain(organization)} and s.position >= ${positionOf(organization, from)} and s.index + 0 >= ${from}`,
            `s.position limit ${limit}`,
          ),
    ),
    latest: Effect.fn("Log.latest")(({ limit, organization }) =>
      Effect.map(
        organization === undefined
          ? entries(client`true`, `s.index desc limit ${limit}`)
          : entries(inChain(organization), `s.position desc limit ${limit}`),
        (latest) => latest.toReversed(),
      ),
    ),
    lines: (origin, from = 0n) => Stream.map(linesOf(origin, from), ({ text }) => text),
    verify: Effect.fn("Log.verify")(function* (trust) {
      const { finish, line } = AuditExport.reader(trust, sha256);
      const read = ({ row, text }: Line) =>
        Result.flatMap(line(text), (seal) =>
          seal === undefined || row === undefined || sameHashes(seal, row)
            ? Result.void
            : Result.fail(broken("changed", row.index, row.sealed_event)),
        );
      const from = trust.state?.tree.size ?? 0n;
      const failure = yield* linesOf(trust.origin, from).pipe(
        Stream.runForEachArray((lines) =>
          Effect.forEach(lines, (one) => Effect.fromResult(read(one)), { discard: true }),
        ),
        Effect.as(undefined),
        Effect.catchIf(isFault, Effect.succeed),
      );
      const verified = yield* Effect.provide(finish(failure), context);
      const [row] = yield* behind(from);
      if (row !== undefined) return yield* broken("unsealed", verified.size, row.id);
      return verified;
    }),
    prove: Effect.fn("Log.prove")(function* (id) {
      const { checkpoint } = yield* head;
      const [row] = yield* statement(
        client.unsafe<SealedRow>(
          `select s.index, s.hash, s.nodes, ${eventColumns}
          from iam_audit_seals s join iam_audit_events e on e.recorded_at = s.recorded_at and e.id = s.event_id
          where s.event_id = $1`,
          [IamEntityIds.AuditEventId.toUuid(id)],
        ),
      );
      if (row === undefined || checkpoint === null) return Option.none();
      const event = yield* Effect.fromResult(canonical(row));
      const { size } = yield* Checkpoint.parse((yield* SignedNote.parse(checkpoint)).text);
      const proof = yield* prove(Merkle.inclusionPlan(row.index, size));
      return Option.some({
        index: row.index,
        event,
        hash: row.hash,
        proof,
        checkpoint,
      });
    }),
    proveConsistency: Effect.fn("Log.proveConsistency")((first, second) =>
      prove(Merkle.consistencyPlan(first, second)),
    ),
  });
});

const entryOf = (row: SealedRow): Entry => ({
  index: row.index,
  id: IamEntityIds.AuditEventId.fromUuid(row.id),
  at: row.recorded_at,
  organization: row.organization_id === null ? null : SharedEntityIds.OrganizationId.fromUuid(row.organization_id),
  action: row.action,
  target: row.target_type === null || row.target_id === null ? null : EntityId.textOf(row.target_type, row.target_id),
  outcome: row.outcome,
  context: row.context,
  login: row.login,
  before: row.before,
  after: row.after,
});

const sameHashes = ({ completed }: Pure.Seal, { nodes }: SealedRow): boolean => {
  const stored = apart(nodes);
  return (
    stored.length === completed.length && completed.every((hash, at) => Bytes.Equivalence(hash, stored[at] ?? hash))
  );
};

/** What is wrong with the log, and not with the way to it. */
const isFault = <E extends { readonly _tag: string }>(error: E): error is Exclude<E, Unavailable> =>
  error._tag !== "SqlError" && error._tag !== "CommitUnknown";

/** Reads under the service role. */
export const layer: Layer.Layer<Log, never, ServiceConnection> = Layer.effect(Log, make).pipe(
  Layer.provide(Signature.layerWebCrypto.pipe(Layer.provide(SecureRandom.layerWebCrypto))),
);
