/** How many statements an answer takes. */
import { Authorization } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Sent } from "../support/Sent.ts";
import { space, tuples } from "./support.ts";

const database = Layer.provideMerge(IamTest.onDatabase, Sent.database);

layer(database, { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "AZ-11: a check, a hundred of them, and a page of a list are one statement each, outside of transactions",
    () =>
      Effect.gen(function* () {
        const { check, checkAll, listObjects, listSubjects, write } = yield* Authorization.Authorization;
        const { during } = yield* Sent;
        const here = yield* space();
        const subject = "user:ann";
        yield* write({
          ...here,
          writes: tuples(
            "user:ann member group:1",
            "group:1#member member group:0",
            "group:0#member viewer folder:0",
            "folder:0 parent folder:1",
            ...Array.from({ length: 100 }, (_, at) => `folder:1 parent document:${at}`),
            ...Array.from({ length: 100 }, (_, at) => `group:0#member reader document:${at}`),
            ...Array.from({ length: 100 }, (_, at) => `user:ann approved document:${at}`),
            ...Array.from({ length: 100 }, (_, at) => `user:ann direct document:${at}`),
          ),
        });
        // Direct, by a group, over parents, a union, an intersection, an exclusion.
        for (const relation of ["direct", "viewer", "reader", "both", "unblocked"]) {
          const once = yield* during(check({ ...here, subject, relation, object: "document:7" }));
          assert.strictEqual(once.result._tag, "Permit", relation);
          assert.deepStrictEqual(
            { ...once.count, roundTrips: 1 },
            { statements: 1, control: 0, scope: 0, roundTrips: 1 },
          );

          const questions = Array.from({ length: 100 }, (_, at) => ({ subject, relation, object: `document:${at}` }));
          const many = yield* during(checkAll(here, questions));
          assert.lengthOf(many.result, 100);
          assert.strictEqual(many.count.statements, 1, relation);

          const page = yield* during(listObjects({ ...here, subject, relation, type: "document", limit: 50 }));
          assert.lengthOf(page.result.items, 50);
          assert.strictEqual(page.count.statements, 1, relation);

          const who = yield* during(listSubjects({ ...here, object: "document:7", relation, kinds: ["user"] }));
          assert.deepStrictEqual(who.result.items, [subject]);
          assert.strictEqual(who.count.statements, 1, relation);
        }
        // What is decided from facts takes one too.
        const limited = { ...here, subject, relation: "limited", object: "document:7", context: { have: 1, need: 2 } };
        assert.strictEqual((yield* during(check(limited))).count.statements, 1);
      }),
  );
});
