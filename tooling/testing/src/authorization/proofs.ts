/** Checks a proof of authorization step by step against the model and the facts, by nothing that made it. */
import { type Evaluation, type Model, Tuple } from "@beep/iam-domain";
import * as Data from "effect/Data";
import * as Result from "effect/Result";
import { held } from "./reference.ts";

/** What a proof is about. */
export interface World {
  readonly model: Model.Model;
  readonly tuples: ReadonlyArray<Tuple.Tuple>;
  readonly subject: Tuple.Subject;
  readonly context?: Readonly<Record<string, unknown>>;
}

class Wrong extends Data.TaggedError("Wrong")<{ readonly message: string }> {}

const demand = (isSo: boolean, says: string): void => {
  if (!isSo) throw new Wrong({ message: says });
};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** What is wrong with a proof; nothing where it holds. */
export const fault = (world: World, proof: Evaluation.Proof): string | undefined => {
  const { context = {}, model, subject, tuples } = world;

  const demandFact = (tuple: Tuple.Tuple, object: Tuple.ObjectRef, relation: string): void => {
    const said = Tuple.text(tuple);
    demand(
      tuples.some((fact) => same(Tuple.text(fact), said) && same(fact.condition, tuple.condition)),
      `${said} is no fact`,
    );
    demand(
      Tuple.objectText(tuple.object) === Tuple.objectText(object) && tuple.relation === relation,
      `${said} is of another`,
    );
    const restrictions = model.types.get(object.type)?.get(relation)?.restrictions ?? [];
    demand(
      restrictions.some(
        (one) =>
          one.type === tuple.subject.type &&
          one.relation === tuple.subject.relation &&
          one.wildcard === (tuple.subject.id === "*") &&
          one.condition === (tuple.condition?.name ?? null),
      ),
      `${said} is not allowed`,
    );
    if (tuple.condition === null) return;
    const decided = model.conditions.get(tuple.condition.name)?.decide(tuple.condition.context, context);
    demand(decided !== undefined && Result.getOrElse(decided, () => false), `the condition of ${said} does not hold`);
  };

  const node = ({ by, object, relation }: Evaluation.Proof): void => {
    if (by._tag === "Self") {
      demand(Tuple.subjectText(subject) === `${Tuple.objectText(object)}#${relation}`, "it is another subject");
      return;
    }
    const found = model.types.get(object.type)?.get(relation);
    if (found === undefined) throw new Wrong({ message: `${object.type}#${relation} is no relation` });
    part(object, relation, found.rewrite, by);
  };

  const part = (object: Tuple.ObjectRef, name: string, rewrite: Model.Rewrite, by: Evaluation.Reason): void => {
    switch (rewrite._tag) {
      case "Direct": {
        if (by._tag !== "Tuple") throw new Wrong({ message: `${name} is had by a fact` });
        demandFact(by.tuple, object, name);
        const { subject: other } = by.tuple;
        if (by.member === null) {
          const isAny = other.id === "*" && other.type === subject.type && subject.relation === "";
          demand(isAny || Tuple.subjectText(other) === Tuple.subjectText(subject), "the fact names somebody else");
          return;
        }
        demand(
          Tuple.subjectText(other) === `${Tuple.objectText(by.member.object)}#${by.member.relation}`,
          "the proof is of another group",
        );
        node(by.member);
        return;
      }
      case "Computed":
        if (by._tag !== "Computed") throw new Wrong({ message: `${name} is had by ${rewrite.relation}` });
        demand(
          same(Tuple.objectText(by.proof.object), Tuple.objectText(object)) && by.proof.relation === rewrite.relation,
          "it is another relation",
        );
        node(by.proof);
        return;
      case "From":
        if (by._tag !== "From") throw new Wrong({ message: `${name} is had from ${rewrite.tupleset}` });
        demandFact(by.tuple, object, rewrite.tupleset);
        demand(
          Tuple.objectText(by.proof.object) === Tuple.objectText(by.tuple.subject) &&
            by.proof.relation === rewrite.relation,
          "the proof is of another object",
        );
        node(by.proof);
        return;
      case "Union": {
        if (by._tag !== "Union") throw new Wrong({ message: `${name} is had by one of several` });
        const { reason } = by;
        const faults = rewrite.of.map((one) => faultOf(() => part(object, name, one, reason)));
        demand(faults.includes(undefined), faults.join("; "));
        return;
      }
      case "Intersection":
        if (by._tag !== "Intersection") throw new Wrong({ message: `${name} is had by all of several` });
        demand(by.reasons.length === rewrite.of.length, "a part is not proved");
        for (const [at, one] of rewrite.of.entries()) {
          const reason = by.reasons[at];
          if (reason !== undefined) part(object, name, one, reason);
        }
        return;
      case "Exclusion": {
        if (by._tag !== "Exclusion") throw new Wrong({ message: `${name} may be excepted` });
        part(object, name, rewrite.base, by.base);
        demand(same(by.except, rewrite.except), "another exception was looked at");
        // As if it were a relation of its own, which by the definition is not had.
        demand(!isHeld(object, rewrite.except), `${name} is excepted`);
      }
    }
  };

  /** By the definition, of the facts whose conditions hold. */
  const isHeld = (object: Tuple.ObjectRef, rewrite: Model.Rewrite): boolean => {
    const valid = tuples.filter(
      (tuple) => faultOf(() => demandFact(tuple, tuple.object, tuple.relation)) === undefined,
    );
    const had = held(model, valid, subject, [object]);
    const has = (one: Tuple.ObjectRef, relation: string) => had.has(`${Tuple.objectText(one)}#${relation}`);
    const holds = (one: Model.Rewrite): boolean => {
      switch (one._tag) {
        case "Direct":
          // What is excepted is written as a relation, or as one from others.
          return false;
        case "Computed":
          return has(object, one.relation);
        case "From":
          return valid.some(
            (tuple) =>
              Tuple.objectText(tuple.object) === Tuple.objectText(object) &&
              tuple.relation === one.tupleset &&
              has(tuple.subject, one.relation),
          );
        case "Union":
          return one.of.some(holds);
        case "Intersection":
          return one.of.every(holds);
        case "Exclusion":
          return holds(one.base) && !holds(one.except);
      }
    };
    return holds(rewrite);
  };

  return faultOf(() => node(proof));
};

const faultOf = (check: () => void): string | undefined => {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Wrong) return error.message;
    throw error;
  }
};
