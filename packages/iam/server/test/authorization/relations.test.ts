/** Facts: written, read at once, and what the database makes of them. */
import { Authorization, AuthorizationModels } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Race, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Result from "effect/Result";
import { asService } from "../../src/tenancy/asService.ts";
import { documents, isSo, organization, space, tuples } from "./support.ts";

/** A chain of groups, each within the one before it, and a user in the last one. */
const chain = (length: number) => [
  ...Array.from({ length: length - 1 }, (_, at) => `group:${at + 1}#member member group:${at}`),
  `user:ann member group:${length - 1}`,
];

const eventsOf = Effect.fnUntraced(function* (id: SharedEntityIds.OrganizationId) {
  const client = yield* PgClient;
  return yield* asService(client<{
    action: string;
    before: unknown;
    after: { tuple?: string; digest?: string } | null;
  }>`
    select action, before, after from iam_audit_events
    where organization_id = ${SharedEntityIds.OrganizationId.toUuid(id)} and target_type = 'relation'
    order by recorded_at, number`);
});

for (const database of IamTest.serverAndEmbedded) {
  layer(database.layer, { excludeTestServices: true })(`on ${database.name}`, (it) => {
    it.effect("AZ-8: each change is one revision, and one that changes nothing is none", () =>
      Effect.gen(function* () {
        const { write } = yield* Authorization.Authorization;
        const here = yield* space();
        const first = yield* write({
          ...here,
          writes: tuples("user:ann reader document:1", "user:bob owner document:1"),
        });
        assert.deepStrictEqual([first.written, first.deleted], [2, 0]);
        const again = yield* write({ ...here, writes: tuples("user:ann reader document:1") });
        assert.deepStrictEqual(again, { written: 0, deleted: 0, revision: first.revision });
        const swapped = yield* write({
          ...here,
          writes: tuples("user:ann owner document:1"),
          deletes: tuples("user:bob owner document:1", "user:eve owner document:1"),
        });
        assert.deepStrictEqual([swapped.written, swapped.deleted], [1, 1]);
        assert.isAbove(Number(swapped.revision), Number(first.revision));
        const { check } = yield* Authorization.Authorization;
        const answer = yield* check({ ...here, subject: "user:bob", relation: "owner", object: "document:1" });
        assert.deepStrictEqual(answer, { _tag: "Deny", revision: swapped.revision });

        // Whoever has seen a change is not answered from before it.
        const { checkAll, explain, listObjects, listSubjects } = yield* Authorization.Authorization;
        const ask = Effect.fnUntraced(function* (atLeast: bigint) {
          const there = {
            ...here,
            atLeast,
            subject: "user:ann",
            relation: "owner",
            object: "document:1",
            type: "document",
          };
          const asked = [
            Effect.asVoid(check(there)),
            Effect.asVoid(checkAll(there, tuples("user:ann owner document:1"))),
            Effect.asVoid(explain(there)),
            Effect.asVoid(listObjects(there)),
            Effect.asVoid(listSubjects({ ...there, kinds: ["user"] })),
          ];
          return yield* Effect.forEach(asked, (one) =>
            Effect.match(one, { onSuccess: () => "answered", onFailure: ({ _tag }) => _tag }),
          );
        });
        assert.deepStrictEqual(new Set(yield* ask(swapped.revision)), new Set(["answered"]));
        assert.deepStrictEqual(new Set(yield* ask(swapped.revision + 1n)), new Set(["RevisionNotReached"]));
      }),
    );

    it.effect("AZ-5: nothing is written of a change of which the model forbids a part", () =>
      Effect.gen(function* () {
        const { write } = yield* Authorization.Authorization;
        const here = yield* space();
        const writes = tuples("user:ann reader document:1", "user:* reader document:1");
        const error = yield* Effect.flip(write({ ...here, writes }));
        assert.strictEqual(error._tag, "TupleInvalid");
        assert.isFalse(yield* isSo(here, "user:ann reader document:1"));
        const { listObjects } = yield* Authorization.Authorization;
        const page = { ...here, subject: "user:ann", relation: "reader", type: "document" };
        assert.strictEqual((yield* Effect.flip(listObjects({ ...page, after: "\0" })))._tag, "QuestionInvalid");
        const gone = { subject: "user:ann", relation: "\0", object: "document:1" };
        assert.strictEqual((yield* Effect.flip(write({ ...here, deletes: [gone] })))._tag, "TupleInvalid");
        const missing = yield* Effect.flip(write({ ...here, application: "nobody", writes: [] }));
        assert.strictEqual(missing._tag, "ModelMissing");
      }),
    );

    it.effect("AUD-1: each tuple is an event, and many at once are one with their digest", () =>
      Effect.gen(function* () {
        const { write } = yield* Authorization.Authorization;
        const here = yield* space();
        yield* write({ ...here, writes: tuples("group:staff#member reader document:1") });
        yield* write({ ...here, deletes: tuples("group:staff#member reader document:1") });
        const tuple = "group:staff#member reader document:1";
        const [created, deleted] = yield* eventsOf(here.organization);
        assert.strictEqual(created?.action, "relation.created");
        assert.strictEqual(created?.after?.tuple, tuple);
        assert.strictEqual(deleted?.action, "relation.deleted");
        assert.propertyVal(deleted?.before, "tuple", tuple);
        const many = Array.from({ length: 101 }, (_, at) => `user:ann reader document:${at}`);
        yield* write({ ...here, writes: tuples(...many) });
        const bulk = (yield* eventsOf(here.organization)).slice(2);
        assert.lengthOf(bulk, 1);
        assert.propertyVal(bulk[0]?.after, "count", 101);
        assert.match(String(bulk[0]?.after?.digest), /^[0-9a-f]{64}$/);
      }),
    );

    it.effect("AZ-2: who is in a group within a group is in it, over however many, until one of them is out", () =>
      Effect.gen(function* () {
        const { write } = yield* Authorization.Authorization;
        const here = yield* space();
        // In an order in which each group is nested before what is within it.
        yield* write({ ...here, writes: tuples("group:0#member shared document:1") });
        for (const line of chain(30)) yield* write({ ...here, writes: tuples(line) });
        assert.isTrue(yield* isSo(here, "user:ann shared document:1"));
        // And round in a circle, which ends nothing.
        yield* write({ ...here, writes: tuples("group:0#member member group:29") });
        assert.isTrue(yield* isSo(here, "user:ann shared document:1"));
        assert.isFalse(yield* isSo(here, "user:bob shared document:1"));
        yield* write({ ...here, deletes: tuples("group:16#member member group:15") });
        assert.isFalse(yield* isSo(here, "user:ann shared document:1"));
        assert.isTrue(yield* isSo(here, "user:ann member group:16"));
        assert.isFalse(yield* isSo(here, "user:ann member group:0"));
      }),
    );

    it.effect("AZ-2: of two ways into a group the one that lasts longer counts", () =>
      Effect.gen(function* () {
        const { write } = yield* Authorization.Authorization;
        const here = yield* space();
        const past = new Date(Date.now() - 1_000);
        const later = new Date(Date.now() + 3_600_000);
        const [nested] = tuples("group:b#member member group:a");
        const [other] = tuples("group:c#member member group:a");
        const [inner] = tuples("group:b#member member group:c");
        assert.isDefined(nested);
        assert.isDefined(other);
        assert.isDefined(inner);
        yield* write({ ...here, writes: tuples("user:ann member group:b", "group:a#member shared document:1") });
        yield* write({ ...here, writes: [{ ...nested, expiresAt: past }] });
        assert.isFalse(yield* isSo(here, "user:ann shared document:1"));
        yield* write({ ...here, writes: [other, { ...inner, expiresAt: later }] });
        assert.isTrue(yield* isSo(here, "user:ann shared document:1"));
        yield* write({ ...here, writes: [{ ...inner, expiresAt: past }] });
        assert.isFalse(yield* isSo(here, "user:ann shared document:1"));
        yield* write({ ...here, writes: [nested] });
        assert.isTrue(yield* isSo(here, "user:ann shared document:1"));
      }),
    );

    it.effect("AZ-3: what holds in another organization, or of another application, is nothing here", () =>
      Effect.gen(function* () {
        const { listObjects, write } = yield* Authorization.Authorization;
        const here = yield* space();
        const elsewhere = { ...here, organization: yield* organization() };
        const other = { ...(yield* space()), organization: here.organization };
        const lines = [...chain(3), "group:0#member reader document:1", "user:bob owner document:1"];
        yield* write({ ...here, writes: tuples(...lines) });
        for (const line of ["user:ann reader document:1", "user:bob unblocked document:1", "user:ann member group:0"]) {
          assert.deepStrictEqual(
            [yield* isSo(here, line), yield* isSo(elsewhere, line), yield* isSo(other, line)],
            [true, false, false],
          );
        }
        const asked = { subject: "user:ann", relation: "reader", type: "document" };
        assert.deepStrictEqual((yield* listObjects({ ...here, ...asked })).items, ["document:1"]);
        assert.deepStrictEqual((yield* listObjects({ ...elsewhere, ...asked })).items, []);
        assert.deepStrictEqual((yield* listObjects({ ...other, ...asked })).items, []);
      }),
    );

    it.effect("AZ-8: a check inside the writer's transaction sees what it wrote, and nobody else does", () =>
      Effect.gen(function* () {
        const { write } = yield* Authorization.Authorization;
        const here = yield* space();
        const line = "user:ann reader document:1";
        const inside = yield* asService(
          Effect.gen(function* () {
            yield* write({ ...here, writes: tuples(line) });
            return yield* isSo(here, line);
          }).pipe(Effect.flatMap((seen) => Effect.fail({ seen }))),
        ).pipe(Effect.flip);
        assert.propertyVal(inside, "seen", true);
        assert.isFalse(yield* isSo(here, line));
      }),
    );

    it.effect(
      "AZ-5: a model is in force with its commit, for every process, and counts what it no longer allows for nothing",
      () =>
        Effect.gen(function* () {
          const { write } = yield* Authorization.Authorization;
          const models = yield* AuthorizationModels.Models;
          const here = yield* space();
          yield* write({ ...here, writes: tuples(...chain(3), "group:0#member shared document:1") });
          assert.isTrue(yield* isSo(here, "user:ann shared document:1"));
          // Another process, which has the model before in mind.
          const other = yield* Layer.build(
            Layer.fresh(Layer.provideMerge(Authorization.layer, AuthorizationModels.layer)),
          );
          const asked = { ...here, subject: "user:ann", relation: "shared", object: "document:1" };
          const { check, write: writeThere } = Context.get(other, Authorization.Authorization);
          assert.strictEqual((yield* check(asked))._tag, "Permit");
          const flat = documents.replace("define member: [user, group#member]", "define member: [user]");
          const second = yield* models.write(here.application, flat);
          assert.strictEqual(second.number, 2);
          assert.strictEqual((yield* check(asked))._tag, "Deny");
          const refused = yield* Effect.flip(writeThere({ ...here, writes: tuples("group:9#member member group:8") }));
          assert.strictEqual(refused._tag, "TupleInvalid");
          // The same again is no other version; and as before, what nests is found anew.
          assert.strictEqual((yield* models.write(here.application, flat)).number, 2);
          yield* models.write(here.application, documents);
          assert.strictEqual((yield* check(asked))._tag, "Permit");
          yield* models.write(
            here.application,
            documents.replace("define limited", "define edited: [user]\n    define limited"),
          );
          const edited = tuples("user:ann edited document:1");
          const [answer] = yield* Context.get(other, Authorization.Authorization).checkAll(here, edited);
          assert.strictEqual(Result.getOrThrow(answer ?? assert.fail())._tag, "Deny");
          const invalid = yield* Effect.flip(models.write(here.application, `${documents}nonsense`));
          assert.strictEqual(invalid._tag, "ModelInvalid");
        }),
    );

    it.effect("AZ-5: a fact with a condition that the model has no longer is none, whichever way it is asked", () =>
      Effect.gen(function* () {
        const { check, checkAll, listObjects, listSubjects, write } = yield* Authorization.Authorization;
        const models = yield* AuthorizationModels.Models;
        const here = yield* space();
        const [limited] = tuples("user:ann limited document:1");
        assert.isDefined(limited);
        yield* write({ ...here, writes: [{ ...limited, condition: { name: "enough", context: { need: 5 } } }] });
        const permitted = { ...here, ...limited, context: { have: 7 } };
        assert.strictEqual((yield* check(permitted))._tag, "Permit");
        yield* models.write(
          here.application,
          `${documents.slice(0, documents.indexOf("condition"))}`.replace("[user with enough]", "[user]"),
        );
        assert.strictEqual((yield* check(permitted))._tag, "Deny");
        const [one] = yield* checkAll(here, [limited]);
        assert.strictEqual(Result.getOrThrow(one ?? assert.fail())._tag, "Deny");
        const list = { ...here, relation: "limited" };
        assert.deepStrictEqual((yield* listObjects({ ...list, subject: "user:ann", type: "document" })).items, []);
        assert.deepStrictEqual((yield* listSubjects({ ...list, object: "document:1", kinds: ["user"] })).items, []);
        // Written again without one it is.
        yield* write({ ...here, writes: [limited] });
        assert.strictEqual((yield* check(permitted))._tag, "Permit");
        assert.deepStrictEqual((yield* listObjects({ ...list, subject: "user:ann", type: "document" })).items, [
          "document:1",
        ]);
      }),
    );

    it.effect("AZ-11: of many questions each has its answer or its error, in its place", () =>
      Effect.gen(function* () {
        const { checkAll, write } = yield* Authorization.Authorization;
        const here = yield* space();
        yield* write({
          ...here,
          writes: tuples(...chain(4), "group:0#member reader document:1", "user:bob owner document:2"),
        });
        const [limited] = tuples("user:ann limited document:1");
        assert.isDefined(limited);
        yield* write({ ...here, writes: [{ ...limited, condition: { name: "enough", context: { need: 5 } } }] });
        const plain = [
          ...tuples("user:ann reader document:1", "user:ann reader document:2", "user:bob reader document:2"),
          { subject: "user", relation: "reader", object: "document:1" },
          ...tuples("user:ann owner folder:1", "user:bob viewer document:2"),
        ];
        const short = (answers: Effect.Success<ReturnType<typeof checkAll>>) =>
          answers.map((answer) => (Result.isSuccess(answer) ? answer.success._tag : answer.failure._tag));
        const expected = ["Permit", "Deny", "Permit", "QuestionInvalid", "QuestionInvalid", "Permit"];
        assert.deepStrictEqual(short(yield* checkAll(here, plain)), expected);
        // With some that are decided from facts.
        const mixed = [
          ...plain,
          { ...limited, context: { have: 7 } },
          { ...limited, context: { have: 3 } },
          limited,
          { ...limited, subject: "user:eve", contextual: tuples("user:eve owner document:1") },
          ...tuples("user:eve owner document:1").map((one) => ({
            ...one,
            contextual: tuples("user:eve owner document:1"),
          })),
        ];
        assert.deepStrictEqual(short(yield* checkAll(here, mixed)), [
          ...expected,
          "Permit",
          "Deny",
          "ConditionUndecided",
          "Deny",
          "Permit",
        ]);
        assert.deepStrictEqual(yield* checkAll(here, []), []);
      }),
    );
  });
}

layer(IamTest.postgres(), { excludeTestServices: true })("two at once on PostgreSQL", (it) => {
  /** Two who write, each in a transaction of its own, the one that comes second before the first has committed. */
  const both = Effect.fnUntraced(function* (
    prepare: ReadonlyArray<string>,
    left: Authorization.Change,
    right: Authorization.Change,
  ) {
    const { write } = yield* Authorization.Authorization;
    const client = yield* PgClient;
    const watching = yield* connect((yield* TestDatabase).adminUrl);
    const made: Array<Effect.Success<ReturnType<typeof space>>> = [];
    const side = (change: Authorization.Change) => (pause: Effect.Effect<void>) =>
      client.withTransaction(
        Effect.gen(function* () {
          yield* write({ ...(made.at(-1) ?? assert.fail("Nothing was prepared.")), ...change });
          yield* pause;
        }),
      );
    yield* Race.bothOrders(side(left), side(right), {
      prepare: Effect.gen(function* () {
        const here = yield* space();
        yield* write({ ...here, writes: tuples(...prepare) });
        made.push(here);
      }).pipe(Effect.orDie),
      blocked: Effect.orDie(Race.untilAnyBlocked(watching)),
    });
    return made;
  });

  it.effect("AZ-2: groups that two nest at once are within each other afterwards", () =>
    Effect.gen(function* () {
      const made = yield* both(
        ["user:ann member group:c", "group:a#member shared document:1"],
        { writes: tuples("group:b#member member group:a") },
        { writes: tuples("group:c#member member group:b") },
      );
      for (const here of made) assert.isTrue(yield* isSo(here, "user:ann shared document:1"));
    }),
  );

  it.effect("AZ-2: and where one of them takes a group out, nobody is in by it", () =>
    Effect.gen(function* () {
      const made = yield* both(
        ["user:ann member group:c", "group:c#member member group:b", "group:a#member shared document:1"],
        { writes: tuples("group:b#member member group:a") },
        { deletes: tuples("group:c#member member group:b") },
      );
      for (const here of made) assert.isFalse(yield* isSo(here, "user:ann shared document:1"));
    }),
  );

  it.effect("AZ-8: a fact that is taken away while the next model is written is in nothing that is kept by it", () =>
    Effect.gen(function* () {
      const { write } = yield* Authorization.Authorization;
      const models = yield* AuthorizationModels.Models;
      const client = yield* PgClient;
      const database = yield* TestDatabase;
      const [watching, admin] = [yield* connect(database.adminUrl), yield* connect(database.adminUrl)];
      const wider = documents.replace(
        "define parent: [folder]\n    define viewer: [user, group#member] or",
        "define parent: [folder]\n    define team: [user, group#member, folder#team]\n    define viewer: [user, group#member] or",
      );
      const made: Array<Effect.Success<ReturnType<typeof space>>> = [];
      const here = () => made.at(-1) ?? assert.fail("Nothing was prepared.");
      const next = (pause: Effect.Effect<void>) =>
        client.withTransaction(Effect.andThen(models.write(here().application, wider), pause));
      const edge = "group:b#member member group:a";
      const byService = (pause: Effect.Effect<void>) =>
        client.withTransaction(Effect.andThen(write({ ...here(), deletes: tuples(edge) }), pause));
      const around = (pause: Effect.Effect<void>) =>
        admin.withTransaction(
          Effect.andThen(
            Effect.suspend(
              () => admin`
                delete from iam_relations where object_id = 'a'
                  and organization_id = ${SharedEntityIds.OrganizationId.toUuid(here().organization)}`,
            ),
            pause,
          ),
        );
      for (const side of [byService, around]) {
        yield* Race.bothOrders(next, side, {
          prepare: Effect.gen(function* () {
            const prepared = yield* space();
            yield* write({
              ...prepared,
              writes: tuples("user:ann member group:b", edge, "group:a#member shared document:1"),
            });
            assert.isTrue(yield* isSo(prepared, "user:ann shared document:1"));
            made.push(prepared);
          }).pipe(Effect.orDie),
          blocked: Effect.orDie(Race.untilAnyBlocked(watching)),
        });
      }
      assert.lengthOf(made, 4);
      for (const one of made) assert.isFalse(yield* isSo(one, "user:ann shared document:1"));
    }),
  );

  it.effect("AZ-8, AUD-6: when somebody empties the facts, nothing that was kept of them is left, and it is told", () =>
    Effect.gen(function* () {
      const { check, write } = yield* Authorization.Authorization;
      const here = yield* space();
      const admin = yield* connect((yield* TestDatabase).adminUrl);
      const { revision } = yield* write({ ...here, writes: tuples(...chain(3), "group:0#member shared document:1") });
      yield* admin`truncate iam_relations`;
      assert.deepStrictEqual(yield* admin`select from iam_relation_nestings`, []);
      const told = yield* admin`select from iam_audit_events where action = 'relation.truncated' and context is null`;
      assert.lengthOf(told, 1);
      const answer = yield* check({ ...here, subject: "user:ann", relation: "shared", object: "document:1" });
      assert.strictEqual(answer._tag, "Deny");
      assert.isAbove(Number(answer.revision), Number(revision));
    }),
  );
});
