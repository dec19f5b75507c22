/** For how long events are kept. */
import type { Errors } from "@beep/iam-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Config from "effect/Config";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import * as Setting from "../config/Setting.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";

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
  readonly since: Date;
  readonly until: Date;
}

/** The earliest month of which there are events, where it is over by a time. */
const earliest = Effect.fnUntraced(function* (by: Date) {
  const client = yield* PgClient;
  const [month] = yield* client<Month>`
    select month::text, month::timestamp at time zone 'UTC' as since, next at time zone 'UTC' as until
    from pg_inherits, to_date(substring(inhrelid::regclass::text from '_([0-9]{4}_[0-9]{2})$'), 'YYYY_MM') month,
      lateral (select month + interval '1 month' as next) following
    where inhparent = 'iam_audit_events'::regclass and month is not null and next at time zone 'UTC' <= ${by}
    order by month limit 1`;
  return month;
});

/** Retires a month, unless something stands against it. */
const retireMonth = Effect.fnUntraced(function* ({ month, since, until }: Month) {
  const client = yield* PgClient;
  // A hold is there before, or after.
  yield* client`lock table iam_legal_holds in share mode`;
  const within = client`recorded_at >= ${since} and recorded_at < ${until}`;
  const [against] = yield* client<{ held: boolean; pending: boolean }>`
    select exists (select from iam_legal_holds where released_at is null) as held, exists (
      select from iam_audit_events e
      where ${within} and not exists (select from iam_audit_seals s where s.event_id = e.id offset 0)
    ) as pending`;
  if (against === undefined || against.held || against.pending) return false;
  yield* client`delete from iam_audit_envelopes where event_id in (select id from iam_audit_events where ${within})`;
  yield* client`
    select iam_retire_events(${month}::date, coalesce(jsonb_agg(jsonb_build_array(first, last) order by first), '[]'))
    from (
      select min(index) as first, max(index) as last
      from (
        select index, index - row_number() over (order by index) as run from iam_audit_seals where ${within}
      ) sealed group by run
    ) runs`;
  return true;
});

/**
 * Retires what is older than so many whole months, and gives how many months that were: each in a transaction, which fails
 * where another one is in the way for some seconds. What is not sealed stays with all that came later, and everything does
 * as long as a legal hold is in force.
 */
export const retire = Effect.fn("Audit.retire")(function* (
  months: number,
): Effect.fn.Return<number, SqlError | Errors.CommitUnknown, PgClient | ServiceConnection> {
  const { transaction } = yield* ServiceConnection;
  const running = DateTime.startOf(DateTime.toUtc(yield* DateTime.now), "month");
  const by = DateTime.toDateUtc(DateTime.subtract(running, { months }));
  const next = transaction(
    Effect.flatMap(earliest(by), (month) => (month === undefined ? Effect.succeed(false) : retireMonth(month))),
  );
  let retired = 0;
  while (yield* next) retired += 1;
  return retired;
});
