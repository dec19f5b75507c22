/**
 * What is to be true of an event that says that others are kept no longer, before it is signed: afterwards nobody could tell
 * any more. They are of one month, which is over for as long as Config says, and each is what was sealed.
 */
import { AuditLog, AuditRetirement, Errors } from "@beep/iam-domain";
import { IamEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Bytes from "effect/Bytes";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { canonical, type EventRow, eventColumns } from "./rows.ts";
import { sha256 } from "./sha256.ts";

/** So many events are looked at at once. */
const PAGE = 2_000;

/** A month, from its beginning to before that of the next. */
interface Month {
  readonly since: DateTime.Utc;
  readonly until: DateTime.Utc;
}

/** The month that a text like `2026-07` means. */
export const monthOf = (text: string): Month => {
  const since = DateTime.makeUnsafe(`${text}-01T00:00:00Z`);
  return { since: DateTime.toUtc(since), until: DateTime.add(DateTime.toUtc(since), { months: 1 }) };
};

/** What is kept begins then, where so many whole months are. */
export const keptSince = (months: number): Effect.Effect<DateTime.Utc> =>
  Effect.map(DateTime.now, (now) => DateTime.subtract(DateTime.startOf(now, "month"), { months }));

interface Sealed extends Omit<EventRow, "id"> {
  readonly id: string | null;
  readonly index: bigint;
  readonly hash: Uint8Array;
  readonly previous: Uint8Array | null;
}

/** Events by their indexes, each with the hash that it was sealed by and that of the one before it in its chain. */
const sealed = (client: PgClient, first: bigint, last: bigint) =>
  client.unsafe<Sealed>(
    `select s.index, s.hash, previous.hash as previous, ${eventColumns}
    from (select * from iam_audit_seals where index >= $1 and index <= $2 order by index limit ${PAGE}) s
      left join lateral (
        select * from iam_audit_events where recorded_at = s.recorded_at and id = s.event_id offset 0
      ) e on true
      left join lateral (
        (
          select hash from iam_audit_seals p
          where p.organization_id = s.organization_id and p.position = s.position - 1
        ) union all (
          select hash from iam_audit_seals p
          where s.organization_id is null and p.organization_id is null and p.position = s.position - 1
        )
      ) previous on true
    order by s.index`,
    [first, last],
  );

const isOf = (month: Month, row: Sealed): boolean => {
  const { id } = row;
  if (id === null) return false;
  const at = DateTime.makeUnsafe(row.recorded_at);
  const event = canonical({ ...row, id });
  return (
    DateTime.isGreaterThanOrEqualTo(at, month.since) &&
    DateTime.isLessThan(at, month.until) &&
    Result.isSuccess(event) &&
    Bytes.Equivalence(AuditLog.hashOf(row.previous ?? undefined, event.success, sha256), row.hash)
  );
};

const decode = Schema.decodeUnknownOption(AuditRetirement.Said);

/**
 * Fails unless an event that is to be sealed may say that others are kept no longer.
 *
 * @param size how many events are sealed
 * @param months how many are kept; where none is stated, all are
 */
export const demandTrue = Effect.fnUntraced(function* (row: EventRow, size: bigint, months: Option.Option<number>) {
  // Only the installation's are believed.
  if (row.organization_id !== null) return;
  const refused = new Errors.AuditLogBroken({
    says: "retired",
    index: size,
    last: size,
    event: IamEntityIds.AuditEventId.fromUuid(row.id),
  });
  const said = decode(row.after);
  if (Option.isNone(said) || Option.isNone(months)) return yield* refused;
  const month = monthOf(said.value.month);
  if (DateTime.isGreaterThan(month.until, yield* keptSince(months.value))) return yield* refused;
  const client = yield* PgClient;
  for (const [first, last] of said.value.indexes) {
    for (let at = BigInt(first); at <= BigInt(last); ) {
      const rows = yield* sealed(client, at, BigInt(last));
      const isWhole = rows.every((one, offset) => one.index === at + BigInt(offset) && isOf(month, one));
      if (rows.length === 0 || !isWhole) return yield* refused;
      at += BigInt(rows.length);
    }
  }
});
