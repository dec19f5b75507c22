/** A database that fails at a write of the test's choice, whichever table it is in. */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { Answer } from "./browser.ts";

/**
 * Sets the traps, on every table that somebody writes: a trigger that counts the rows that are written, and raises at one of them. The count
 * is a sequence, so that it survives what is rolled back.
 *
 * @param sql the superuser's connection
 */
export const set = Effect.fnUntraced(function* (sql: PgClient) {
  yield* sql`create schema fault`;
  yield* sql`create sequence fault.writes`;
  yield* sql`create table fault.target (write bigint)`;
  yield* sql`
    create function fault.count() returns trigger language plpgsql security definer set search_path = '' as $$
    begin
      if nextval('fault.writes') = (select write from fault.target) then raise exception 'fault'; end if;
      return coalesce(new, old);
    end $$`;
  yield* sql`
    do $$ declare name text; begin
      -- What the database writes by itself belongs to the write that it records, and fails with it.
      for name in
        select relname from pg_class t where relkind = 'r' and not relispartition
          and relnamespace = 'public'::regnamespace
          and not exists (select from pg_policy p where p.polrelid = t.oid and p.polname = 'iam_database_writes')
      loop
        -- What lets messages leave writes when it will: only that they are put belongs to the operation.
        execute format('create trigger fault before %s on %I for each row execute function fault.count()',
          case name when 'iam_outbox_messages' then 'insert' else 'insert or update or delete' end, name);
      end loop;
    end $$`;
});

/** What each table holds, as a digest. */
const contents = Effect.fnUntraced(function* (sql: PgClient) {
  const tables = yield* sql<{ name: string }>`
    select relname as name from pg_class
    where relkind in ('r', 'p') and not relispartition and relnamespace = 'public'::regnamespace
      -- Messages of what succeeded before leave in the meantime; that none is put is seen by the mail.
      and relname <> 'iam_outbox_messages' order by 1`;
  const digests = tables.map(
    ({ name }) => `select '${name}' as name, md5(string_agg(r::text, ',' order by r::text)) as digest from ${name} r`,
  );
  // PostgreSQL may read them by several hands at once, and give them in any order.
  return yield* sql.unsafe<{ name: string; digest: string }>(`${digests.join(" union all ")} order by name`);
});

/** What became of an operation that failed at each of its writes in turn. */
export interface Outcome {
  /** How it ended when nothing failed. */
  readonly status: number;
  /** How many rows the operation writes. */
  readonly writes: number;
  /** The failures after which something was left, and in which tables. */
  readonly left: ReadonlyArray<{ readonly write: number; readonly tables: ReadonlyArray<string> }>;
}

/** Fails an operation at its first write, its second, and so on, until it has no more of them and succeeds. */
export const atEachWrite = Effect.fnUntraced(function* <E, R>(sql: PgClient, operation: Effect.Effect<Answer, E, R>) {
  const left = [];
  for (let write = 1; ; write++) {
    const before = yield* contents(sql);
    yield* sql`select setval('fault.writes', 1, false)`;
    yield* sql`delete from fault.target`;
    yield* sql`insert into fault.target values (${write})`;
    const { status } = yield* Effect.ensuring(operation, Effect.orDie(sql`delete from fault.target`));
    const [counter] = yield* sql<{
      met: boolean;
    }>`select is_called and last_value >= ${write} as met from fault.writes`;
    if (counter?.met !== true) return { status, writes: write - 1, left } satisfies Outcome;
    const after = yield* contents(sql);
    const tables = after.filter(({ digest }, i) => digest !== before[i]?.digest).map(({ name }) => name);
    if (tables.length > 0) left.push({ write, tables });
  }
});
