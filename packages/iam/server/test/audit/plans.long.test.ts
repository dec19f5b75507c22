/** The plans of what is asked of the log, where an organization's chain is long. */
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Plans, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Log from "../../src/audit/Log.ts";
import { Sent } from "../support/Sent.ts";
import { organizations, sealed, withLog } from "./log.ts";

/** As many events in each of three chains, so that none of them is the log. */
const EVENTS = 10_000;
const PAGE = 50;

const database = Layer.provideMerge(IamTest.onDatabase, Sent.database);

layer(withLog(database))("the plans of the log", (it) => {
  it.effect("AUD-4: a page of a long chain reads what it shows, wherever it begins", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase;
      const admin = yield* connect(adminUrl);
      const { during } = yield* Sent;
      const log = yield* Log.Log;
      const [organization = assert.fail(), ...others] = yield* organizations("long", "longer", "longest");
      const ids = [organization, ...others].map(SharedEntityIds.OrganizationId.toUuid);
      yield* admin`
        insert into iam_teams (id, organization_id, name) select gen_random_uuid(), id, 'team ' || n
        from generate_series(1, ${EVENTS}) n, unnest(${ids}::uuid[]) id`;
      yield* sealed;
      yield* admin`vacuum analyze iam_audit_events, iam_audit_seals`;
      const chain = yield* admin<{ index: bigint }>`
        select index from iam_audit_seals where organization_id = ${ids[0] ?? ""}::uuid order by index`;
      const indexes = chain.map(({ index }) => index);

      const size = yield* log.size;
      const middle = indexes[indexes.length / 2 - 0.5] ?? assert.fail();
      for (const from of [0n, middle, middle + 1n, middle + 2n, (indexes.at(-1) ?? 0n) - 1n, size]) {
        const { result: page, sent } = yield* during(log.entries({ from, limit: PAGE, organization }));
        assert.deepStrictEqual(
          page.map(({ index }) => index),
          indexes.filter((index) => index >= from).slice(0, PAGE),
        );
        const at = sent.findLastIndex(({ text }) => /iam_audit_seals/.test(text));
        const meant = sent[at] ?? assert.fail("Nothing was sent.");
        for (const way of Plans.ways) {
          const plan = yield* Plans.explainSent(admin, sent.slice(0, at), meant, way);
          // Each event with its seal, and for each half one seal.
          Plans.looksAtMost(plan, 2 * PAGE + 1 + Math.ceil(Math.log2(EVENTS + 1)) + 1);
          Plans.usesIndex(plan, "iam_audit_seals", "iam_audit_seals_chain_unique");
          assert.notMatch(Plans.render(plan), /^\s*(Incremental )?Sort/m);
        }
      }
      const { result: latest, sent } = yield* during(log.latest({ limit: PAGE, organization }));
      assert.deepStrictEqual(
        latest.map(({ index }) => index),
        indexes.slice(-PAGE),
      );
      const at = sent.findLastIndex(({ text }) => /iam_audit_seals/.test(text));
      const plan = yield* Plans.explainSent(admin, sent.slice(0, at), sent[at] ?? assert.fail("Nothing was sent."));
      Plans.looksAtMost(plan, 2 * PAGE);
    }).pipe(Effect.scoped),
  );
});
