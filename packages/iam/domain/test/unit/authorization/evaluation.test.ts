import { Evaluation, Tuple } from "@beep/iam-domain";
import * as Authorizations from "@beep/testing/Authorizations";
import * as Proofs from "@beep/testing/Proofs";
import * as Reference from "@beep/testing/Reference";
import * as Result from "effect/Result";
import { describe, expect, it } from "vitest";

/** So many worlds, each with nearly 330 questions. */
const WORLDS = 60;

const factsOf =
  ({ tuples }: Authorizations.World): Evaluation.Facts =>
  (object, relation) =>
    tuples.filter(
      (tuple) => tuple.relation === relation && tuple.object.type === object.type && tuple.object.id === object.id,
    );

const questionsOf = ({ model, objects, subjects }: Authorizations.World): ReadonlyArray<Evaluation.Question> =>
  subjects.flatMap((subject) =>
    objects.flatMap((object) =>
      [...(model.types.get(object.type)?.keys() ?? [])].map((relation) => ({ subject, relation, object })),
    ),
  );

const permits = (world: Authorizations.World, facts: Evaluation.Facts, question: Evaluation.Question): boolean =>
  Result.getOrThrow(Evaluation.decide(world.model, facts, question)) !== undefined;

describe("deciding", () => {
  it("AZ-5: says what follows by the definition, and where a relation excepts itself nothing more", () => {
    let permitted = 0;
    for (let seed = 0; seed < WORLDS; seed++) {
      const world = Authorizations.world(seed);
      const facts = factsOf(world);
      const isDefined = !Authorizations.exceptsItself(world.model);
      for (const subject of world.subjects) {
        const held = Reference.held(world.model, world.tuples, subject, world.objects);
        for (const question of questionsOf({ ...world, subjects: [subject] })) {
          const expected = held.has(`${Tuple.objectText(question.object)}#${question.relation}`);
          const found = permits(world, facts, question);
          if (found) permitted++;
          if (isDefined || found) expect({ seed, question, found }).toEqual({ seed, question, found: expected });
        }
      }
    }
    expect(permitted).toBeGreaterThan(WORLDS * 20);
  });

  it("AZ-10: proves what it says, so that each step can be checked", () => {
    let proofs = 0;
    for (let seed = 0; seed < 30; seed++) {
      const world = Authorizations.world(seed);
      if (Authorizations.exceptsItself(world.model)) continue;
      const facts = factsOf(world);
      for (const question of questionsOf(world).slice(0, 60)) {
        const proof = Result.getOrThrow(Evaluation.decide(world.model, facts, question));
        if (proof === undefined) continue;
        proofs++;
        expect(Proofs.fault({ ...world, subject: question.subject }, proof)).toBeUndefined();
        // Without the facts it proves nothing.
        if (proof.by._tag !== "Self") {
          expect(Proofs.fault({ ...world, tuples: [], subject: question.subject }, proof)).toBeDefined();
        }
      }
    }
    expect(proofs).toBeGreaterThan(50);
  });

  it("AZ-5: where nothing is excepted, a further fact takes nothing away", () => {
    for (let seed = 0; seed < WORLDS; seed++) {
      const world = Authorizations.world(seed, { exclusions: false });
      const fewer = { ...world, tuples: world.tuples.slice(0, -1) };
      const [before, after] = [factsOf(fewer), factsOf(world)];
      for (const question of questionsOf(world)) {
        if (permits(world, before, question)) {
          expect({ seed, question, permitted: permits(world, after, question) }).toEqual({
            seed,
            question,
            permitted: true,
          });
        }
      }
    }
  });
});
