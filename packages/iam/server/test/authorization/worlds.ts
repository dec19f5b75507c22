/** Random worlds, asked of the service: what is stored, what questions bring along, lists, and the definition. */
import { Tuple } from "@beep/iam-domain";
import { Authorization, AuthorizationModels } from "@beep/iam-server";
import type { SharedEntityIds } from "@beep/shared-domain";
import * as Authorizations from "@beep/testing/Authorizations";
import * as Reference from "@beep/testing/Reference";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";

const writtenOf = ({ object, relation, subject }: Tuple.Tuple): Tuple.Written => ({
  subject: Tuple.subjectText(subject),
  relation,
  object: Tuple.objectText(object),
});

/** Asks all of a world that can be asked, and fails where two answers differ. */
export const agree = Effect.fnUntraced(function* (
  seed: number,
  organization: SharedEntityIds.OrganizationId,
  empty: SharedEntityIds.OrganizationId,
) {
  const { checkAll, listObjects, listSubjects, write } = yield* Authorization.Authorization;
  const models = yield* AuthorizationModels.Models;
  const world = Authorizations.world(seed);
  const application = `world-${seed}`;
  const here = { organization, application };
  const says = `seed ${seed}`;
  yield* models.application({ key: application, name: application });
  yield* models.write(application, world.source);
  const tuples = world.tuples.map(writtenOf);
  yield* write({ ...here, writes: tuples });

  const questions = world.subjects.flatMap((subject) =>
    world.objects.flatMap((object) =>
      [...(world.model.types.get(object.type)?.keys() ?? [])].map((relation) => ({ subject, relation, object })),
    ),
  );
  const answers = yield* checkAll(
    here,
    questions.map(({ object, relation, subject }) => ({
      subject: Tuple.subjectText(subject),
      relation,
      object: Tuple.objectText(object),
    })),
  );
  const permitted = new Set<string>();
  for (const [at, { object, relation, subject }] of questions.entries()) {
    const answer = Result.getOrThrow(answers[at] ?? assert.fail("A question has no answer."));
    if (answer._tag === "Permit")
      permitted.add(`${Tuple.subjectText(subject)} ${relation} ${Tuple.objectText(object)}`);
  }

  const defined = !Authorizations.exceptsItself(world.model);
  for (const subject of world.subjects) {
    const held = Reference.held(world.model, world.tuples, subject, world.objects);
    const who = Tuple.subjectText(subject);
    for (const object of world.objects) {
      for (const relation of world.model.types.get(object.type)?.keys() ?? []) {
        const line = `${who} ${relation} ${Tuple.objectText(object)}`;
        const isHeld = held.has(`${Tuple.objectText(object)}#${relation}`);
        if (defined) assert.strictEqual(permitted.has(line), isHeld, `${says}: ${line}`);
        else if (permitted.has(line)) assert.isTrue(isHeld, `${says}: ${line}`);
      }
    }
  }

  // One kind of question for each list, by turns.
  const [subject, object] = [world.subjects[seed % 3], world.objects[seed % 6]];
  assert.isDefined(subject);
  assert.isDefined(object);
  for (const relation of ["a", "b", "c", "d"]) {
    const who = Tuple.subjectText(subject);
    const objects = yield* listObjects({ ...here, subject: who, relation, type: object.type, limit: 2 });
    const all = [...objects.items];
    for (let after = objects.next; after !== null; ) {
      const more: Authorization.Listed = yield* listObjects({
        ...here,
        subject: who,
        relation,
        type: object.type,
        limit: 2,
        after,
      });
      all.push(...more.items);
      after = more.next;
    }
    const expected = world.objects
      .filter(({ type }) => type === object.type)
      .map(Tuple.objectText)
      .filter((text) => permitted.has(`${who} ${relation} ${text}`));
    assert.deepStrictEqual(all, expected, `${says}: ${who} ${relation}`);

    const listed = yield* listSubjects({ ...here, object: Tuple.objectText(object), relation, kinds: ["user"] });
    for (const text of listed.items) {
      assert.isTrue(permitted.has(`${text} ${relation} ${Tuple.objectText(object)}`), `${says}: ${text} ${relation}`);
    }
    // Who has it because all have it is not listed by name.
    for (const one of world.subjects.filter(({ type }) => type === "user")) {
      const text = Tuple.subjectText(one);
      if (!permitted.has(`${text} ${relation} ${Tuple.objectText(object)}`) || listed.items.includes("user:*"))
        continue;
      assert.include(listed.items, text, `${says}: ${relation}`);
    }

    // The same facts, none of them stored.
    const line = { subject: who, relation, object: Tuple.objectText(object) };
    const [brought] = yield* checkAll({ organization: empty, application }, [{ ...line, contextual: tuples }]);
    assert.strictEqual(
      Result.getOrThrow(brought ?? assert.fail("A question has no answer."))._tag === "Permit",
      permitted.has(`${who} ${relation} ${Tuple.objectText(object)}`),
      `${says}: ${who} ${relation} ${Tuple.objectText(object)}, brought along`,
    );
  }
  return { questions: questions.length, permitted: permitted.size };
});
