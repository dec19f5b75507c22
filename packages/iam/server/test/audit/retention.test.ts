/** What becomes of months that are kept no longer. */
import { AuditExport } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import * as Log from "../../src/audit/Log.ts";
import { retire } from "../../src/audit/retention.ts";
import { sha256 } from "../../src/audit/sha256.ts";
import { organizations, origin, sealed, trust, withLog } from "./log.ts";

/** Events of a month that is over, each with what it says of a person. */
const recorded = (client: PgClient, month: string, organization: string, count: number) =>
  client`
    with event as (
      insert into iam_audit_events
        (id, organization_id, action, recorded_at, transaction, horizon, running, number)
      select gen_random_uuid(), ${organization}::uuid, 'member.created', ${month}::timestamptz + n * interval '1 hour',
        pg_current_xact_id(), pg_snapshot_xmax(pg_current_snapshot()), 0, n
      from generate_series(1, ${count}) n returning id
    )
    insert into iam_audit_envelopes (event_id, subject_type, subject_id, recorded)
    select id, 'user', gen_random_uuid(), '{}' from event`;

const parts = (client: PgClient) =>
  Effect.map(
    client<{ name: string }>`
      select inhrelid::regclass::text as name from pg_inherits
      where inhparent = 'iam_audit_events'::regclass and inhrelid::regclass::text ~ '_20[0-9]{2}_' order by 1`,
    (rows) => rows.map(({ name }) => name),
  );

layer(withLog(IamTest.postgres(), { months: Option.some(2) }), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect("AUD-9: of months that are kept no longer the hashes stay, and the log is as valid as before", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const client = yield* connect(adminUrl);
      const month = DateTime.startOf(yield* DateTime.now, "month");
      const monthBefore = (months: number) => DateTime.formatIso(DateTime.subtract(month, { months }));
      for (const months of [4, 3, 2]) {
        const [since, until] = [monthBefore(months), monthBefore(months - 1)];
        const name = `iam_audit_events_${since.slice(0, 7).replace("-", "_")}`;
        yield* client.unsafe(
          `create table ${name} partition of iam_audit_events for values from ('${since}') to ('${until}')`,
        );
      }
      const all = yield* parts(client);
      const [organization] = yield* organizations("kept");
      const uuid = SharedEntityIds.OrganizationId.toUuid(organization ?? SharedEntityIds.OrganizationId.create());

      // Not in the order of their months: what ran long is sealed late.
      yield* recorded(client, monthBefore(3), uuid, 5);
      yield* sealed;
      yield* recorded(client, monthBefore(4), uuid, 3);
      yield* recorded(client, monthBefore(2), uuid, 2);
      yield* sealed;
      yield* recorded(client, monthBefore(3), uuid, 1);
      yield* organizations("later");
      assert.strictEqual(yield* retire(2), 0, "Its end is told of first,");
      assert.strictEqual(yield* retire(2), 0, "and that is to be sealed;");
      yield* sealed;
      assert.strictEqual(yield* retire(2), 1, "then the month goes, and the end of the next one is told of.");
      yield* client`insert into iam_legal_holds (id, owner_type, owner_id, reason, placed_by)
        values (gen_random_uuid(), 'user', 'somebody', 'a lawsuit', 'a lawyer')`;
      yield* sealed;
      assert.strictEqual(yield* retire(2), 0, "A legal hold is in force.");
      yield* client`update iam_legal_holds set released_at = now(), released_by = 'a lawyer'`;

      const log = yield* Log.Log;
      const known = yield* trust;
      const before = yield* log.verify(known);
      assert.strictEqual(before.retired, 3n);
      assert.strictEqual(yield* retire(2), 1);
      assert.strictEqual(yield* retire(2), 0);
      assert.deepStrictEqual(yield* parts(client), all.slice(2));
      yield* sealed;

      const verified = yield* log.verify(known);
      assert.strictEqual(verified.retired, 9n);
      // The hold was released.
      assert.strictEqual(verified.size, before.size + 1n);
      const ongoing = yield* log.verify({ ...known, state: before.state });
      assert.strictEqual(ongoing.events, 1n);

      const file = (yield* Stream.runCollect(log.lines(origin))).map((line) => `${line}\n`).join("");
      const offline = yield* AuditExport.verify(file, known, sha256);
      assert.strictEqual(offline.retired, 9n);
      assert.deepStrictEqual(offline.state.tree, verified.state.tree);

      const [left] = yield* client<{ count: number }>`
        select count(*)::int as count from iam_audit_envelopes where recorded = '{}'`;
      assert.strictEqual(left?.count, 2, "What events said of people goes with them.");

      // What no event says was retired is missing still.
      yield* client`alter table iam_audit_events disable trigger all`;
      yield* client.unsafe(`drop table ${all[2]}`);
      const fault = yield* Effect.flip(log.verify(known));
      assert.isTrue(fault._tag === "AuditLogBroken" && fault.says === "missing");
    }).pipe(Effect.scoped),
  );

  it.effect("AUD-5: nobody has it signed that events may be gone that are of no month that is over", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const client = yield* connect(adminUrl);
      yield* client`alter table iam_audit_events disable trigger all`;
      yield* organizations("forged");
      yield* sealed;
      const [last] = yield* client<{ index: number }>`select max(index)::int as index from iam_audit_seals`;
      const index = last?.index ?? 0;
      const month = DateTime.formatIso(DateTime.subtract(yield* DateTime.now, { months: 6 })).slice(0, 7);
      const now = DateTime.formatIso(yield* DateTime.now).slice(0, 7);
      for (const said of [
        { month, indexes: [[index, index]] },
        { month: now, indexes: [[index, index]] },
        { month, indexes: [[index + 1, index + 9]] },
        { month: "soon", indexes: [] },
      ]) {
        yield* client`
          insert into iam_audit_events (action, after, horizon, running, number)
          values ('log.retired', ${JSON.stringify(said)}::jsonb, pg_snapshot_xmax(pg_current_snapshot()), 0, 1)`;
        const fault = yield* Effect.flip(sealed);
        assert.isTrue(fault._tag === "AuditLogBroken" && fault.says === "retired", JSON.stringify(said));
        yield* client`delete from iam_audit_events where action = 'log.retired' and after = ${JSON.stringify(said)}::jsonb`;
      }
    }).pipe(Effect.scoped),
  );
});
