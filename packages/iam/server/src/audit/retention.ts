/** For how long events are kept. */
import { AuditRetirement, type Errors } from "@beep/iam-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Config from "effect/Config";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import * as Setting from "../config/Setting.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { keptSince, monthOf } from "./retirements.ts";

/** What may be said of it. */
export const keys = {
  auditRetentionMonths: Setting.optional(
    "IAM_AUDIT_RETENTION_MONTHS",
    (key) =>
      Config.schema(
        Schema.NumberFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 1_200 })),
        key,
      ),
    {
      type: "number, from 1 to 1200",
      fallback: "none: events are kept for good",
      says: "How many whole months of the audit log are kept, beside the running one. Of what is older the hashes and the checkpoints stay.",
    },
  ),
};

interface Month {
  readonly month: string;
  /** Where its events stand, as the event says that tells of their end; none as long as it is not told. */
  readonly said: typeof AuditRetirement.Said.Encoded | null;
  /** Whether that event is sealed. */
  readonly sealed: boolean;
}

/** The earliest month of which there are events, where it is over by a time. */
const earliest = Effect.fnUntraced(function* (by: DateTime.Utc) {
  const client = yield* PgClient;
  const until = DateTime.toDateUtc(by);
  const [month] = yield* client<Month>`
    select to_char(month, 'YYYY-MM') as month, told.after as said, coalesce(told.sealed, false) as sealed
    from pg_inherits
    cross join to_date(substring(inhrelid::regclass::text from '_([0-9]{4}_[0-9]{2})$'), 'YYYY_MM') month
    left join lateral (
      select e.after, exists (select from iam_audit_seals s where s.event_id = e.id) as sealed
      from iam_audit_events e
      where e.action = ${AuditRetirement.ACTION} and e.after ->> 'month' = to_char(month, 'YYYY-MM')
        and e.organization_id is null
      order by e.recorded_at desc limit 1
    ) told on true
    where inhparent = 'iam_audit_events'::regclass and month is not null
      and (month + interval '1 month') at time zone 'UTC' <= ${until}
    order by month limit 1`;
  return month;
});

/** Where the events of a month stand in the log, as ranges. Nothing as long as one of them is not sealed. */
const indexesOf = Effect.fnUntraced(function* (month: string) {
  const client = yield* PgClient;
  const { since, until } = monthOf(month);
  const within = client`recorded_at >= ${DateTime.toDateUtc(since)} and recorded_at < ${DateTime.toDateUtc(until)}`;
  const [found] = yield* client<{ indexes: typeof AuditRetirement.Said.Encoded.indexes }>`
    select coalesce(jsonb_agg(jsonb_build_array(first, last) order by first), '[]') as indexes
    from (
      select min(index) as first, max(index) as last
      from (
        select index, index - row_number() over (order by index) as run from iam_audit_seals where ${within}
      ) sealed group by run
    ) runs
    where not exists (
      select from iam_audit_events e
      where ${within} and not exists (select from iam_audit_seals s where s.event_id = e.id offset 0)
    ) having count(*) > 0`;
  return found?.indexes;
});

const tell = Effect.fnUntraced(function* (month: string, indexes: typeof AuditRetirement.Said.Encoded.indexes) {
  const client = yield* PgClient;
  yield* client`
    select iam_write_event(null, ${AuditRetirement.ACTION}, null, null, 'success', null,
      ${JSON.stringify({ month, indexes })}::jsonb, null, null, null, null)`;
});

const drop = Effect.fnUntraced(function* (month: string) {
  const client = yield* PgClient;
  const { since, until } = monthOf(month);
  yield* client`
    delete from iam_audit_envelopes where event_id in (
      select id from iam_audit_events
      where recorded_at >= ${DateTime.toDateUtc(since)} and recorded_at < ${DateTime.toDateUtc(until)})`;
  yield* client`select iam_retire_events(${`${month}-01`}::date)`;
});

/** One step with a month: an event tells of its end first, and once that is sealed, the month goes. */
const step = Effect.fnUntraced(function* ({ month, said, sealed }: Month) {
  const client = yield* PgClient;
  // One process at a time; and a hold is there before, or after.
  yield* client`lock table iam_legal_holds in share row exclusive mode`;
  const [held] = yield* client`select from iam_legal_holds where released_at is null limit 1`;
  if (held !== undefined || (said !== null && !sealed)) return false;
  const indexes = yield* indexesOf(month);
  if (indexes === undefined) return false;
  if (said !== null && JSON.stringify(said.indexes) === JSON.stringify(indexes)) {
    yield* drop(month);
    return true;
  }
  yield* tell(month, indexes);
  return false;
});

/**
 * Retires what is older than so many whole months, and gives how many of them are gone now. It takes two calls: the first one
 * writes the event that tells of a month's end, and once that is sealed, the next one drops the month. What is not sealed
 * stays with all that came later, and everything does as long as a legal hold is in force. Fails, with nothing done of that
 * month, where another transaction is in the way for some seconds.
 */
export const retire = Effect.fn("Audit.retire")(function* (
  months: number,
): Effect.fn.Return<number, SqlError | Errors.CommitUnknown, PgClient | ServiceConnection> {
  const { transaction } = yield* ServiceConnection;
  const by = yield* keptSince(months);
  const next = transaction(
    Effect.flatMap(earliest(by), (month) => (month === undefined ? Effect.succeed(false) : step(month))),
  );
  let retired = 0;
  while (yield* next) retired += 1;
  return retired;
});
