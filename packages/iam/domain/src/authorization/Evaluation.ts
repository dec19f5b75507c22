/**
 * Deciding whether a subject has a relation to an object, from a model and facts. It is a pure function of them: the same
 * for what is stored and what a question brings along, and it gives the proof of what it says.
 *
 * A yes beats whatever cannot be decided in a union, and a no does in an intersection and an exclusion, as OpenFGA has it.
 */
import * as Result from "effect/Result";
import { type ConditionUndecided, QuestionTooDeep, QuestionTooWide } from "./AuthorizationErrors.ts";
import type * as Condition from "./Condition.ts";
import type { Model, Relation, Restriction, Rewrite } from "./Model.ts";
import { ANY, type ObjectRef, objectText, type Subject, type Tuple } from "./Tuple.ts";

/** So many steps from one object to the next are gone: as many as OpenFGA goes. */
export const DEPTH = 25;

/** So many relations of objects are looked at for one question. */
export const WORK = 100_000;

/** The tuples of a relation to an object: all whose subject may matter to the question. */
export type Facts = (object: ObjectRef, relation: string) => ReadonlyArray<Tuple>;

/** What is asked. */
export interface Question {
  readonly subject: Subject;
  readonly relation: string;
  readonly object: ObjectRef;
}

/** Why the subject has a relation to an object. */
export interface Proof {
  readonly object: ObjectRef;
  readonly relation: string;
  readonly by: Reason;
}

/** A step of a proof. */
export type Reason =
  /** The subject is who has this relation. */
  | { readonly _tag: "Self" }
  /** A tuple names the subject, or all of its type, or those of whom the subject is proved to be one. */
  | { readonly _tag: "Tuple"; readonly tuple: Tuple; readonly member: Proof | null }
  | { readonly _tag: "Computed"; readonly proof: Proof }
  | { readonly _tag: "From"; readonly tuple: Tuple; readonly proof: Proof }
  | { readonly _tag: "Union"; readonly reason: Reason }
  | { readonly _tag: "Intersection"; readonly reasons: ReadonlyArray<Reason> }
  /** The base holds, and what is excepted does not. */
  | { readonly _tag: "Exclusion"; readonly base: Reason; readonly except: Rewrite };

/** Why there is no answer. */
export type Unanswered = ConditionUndecided | QuestionTooDeep | QuestionTooWide;

/**
 * What came of a part. A no may hang on a cycle, and on how far up that one began: where it ends there it is a no, unless an
 * exclusion is on the way, and then neither a yes nor a no is founded.
 */
type Outcome =
  | { readonly _tag: "Yes"; readonly reason: Reason }
  | { readonly _tag: "No"; readonly cycle: "none" | "open" | "unfounded"; readonly head: number }
  | { readonly _tag: "Undecided"; readonly error: Unanswered; readonly head: number };

const NONE = Number.POSITIVE_INFINITY;
const no: Outcome = { _tag: "No", cycle: "none", head: NONE };

/** Two that say no, or do not say: what hangs on how far up, and whether it is founded. */
const together = (one: Outcome, other: Outcome): Outcome => {
  if (one._tag !== "No" || other._tag !== "No") return one;
  const cycle = one.cycle === "unfounded" || other.cycle === "unfounded" ? "unfounded" : "open";
  return { _tag: "No", cycle, head: Math.min(one.head, other.head) };
};

/** Whether a restriction allows a tuple's subject. */
const fits = (restriction: Restriction, { condition, subject }: Tuple): boolean =>
  restriction.type === subject.type &&
  restriction.relation === subject.relation &&
  restriction.wildcard === (subject.id === ANY) &&
  restriction.condition === (condition?.name ?? null);

/** Whether a relation may have a tuple: one that an earlier model allowed counts no longer. */
export const allows = (relation: Relation, tuple: Tuple): boolean =>
  relation.restrictions.some((restriction) => fits(restriction, tuple));

const isNamed = (subject: Subject, by: Subject): boolean =>
  by.type === subject.type &&
  ((by.id === subject.id && by.relation === subject.relation) || (by.id === ANY && subject.relation === ""));

/**
 * Decides a question.
 *
 * @param context parameters of conditions that the question gives
 * @returns the proof; nothing where the subject does not have the relation
 */
export const decide = (
  model: Model,
  facts: Facts,
  { object: asked, relation: askedRelation, subject }: Question,
  context: Condition.Context = {},
): Result.Result<Proof | undefined, Unanswered> => {
  const known = new Map<string, Outcome>();
  /** Where each stands that is being looked at. */
  const path = new Map<string, number>();
  let work = 0;

  const holds = (tuple: Tuple): Outcome | "holds" => {
    if (tuple.condition === null) return "holds";
    // The relation allows the tuple, and so the model has its condition.
    const condition = model.conditions.get(tuple.condition.name);
    if (condition === undefined) return no;
    const decided = condition.decide(tuple.condition.context, context);
    if (Result.isFailure(decided)) return { _tag: "Undecided", error: decided.failure, head: NONE };
    return decided.success ? "holds" : no;
  };

  /** The first that says yes; otherwise whatever could not be decided, and otherwise no. */
  const any = <A>(parts: Iterable<A>, look: (part: A) => Outcome): Outcome => {
    let cycle: "none" | "open" | "unfounded" = "none";
    let head = NONE;
    let error: Unanswered | undefined;
    for (const part of parts) {
      const outcome = look(part);
      if (outcome._tag === "Yes") return outcome;
      head = Math.min(head, outcome.head);
      if (outcome._tag === "Undecided") error ??= outcome.error;
      else if (cycle !== "unfounded" && outcome.cycle !== "none") cycle = outcome.cycle;
    }
    return error === undefined ? { _tag: "No", cycle, head } : { _tag: "Undecided", error, head };
  };

  const node = (object: ObjectRef, name: string, depth: number): Outcome => {
    if (subject.relation === name && subject.type === object.type && subject.id === object.id) {
      return { _tag: "Yes", reason: { _tag: "Self" } };
    }
    const relation = model.types.get(object.type)?.get(name);
    if (relation === undefined) return no;
    const key = `${objectText(object)}#${name}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const above = path.get(key);
    if (above !== undefined) return { _tag: "No", cycle: "open", head: above };
    if (depth > DEPTH) return { _tag: "Undecided", error: new QuestionTooDeep(), head: 0 };
    if (++work > WORK) return { _tag: "Undecided", error: new QuestionTooWide(), head: 0 };
    const here = path.size;
    path.set(key, here);
    const outcome = rewritten(object, name, relation, relation.rewrite, depth);
    path.delete(key);
    // What hangs on a cycle that began further up is another thing when it is come to by another way.
    if (outcome._tag !== "Yes" && outcome.head < here) return outcome;
    const ended: Outcome =
      outcome._tag === "No" ? { ...no, cycle: outcome.cycle === "unfounded" ? "unfounded" : "none" } : outcome;
    known.set(key, ended);
    return ended;
  };

  const direct = (object: ObjectRef, name: string, relation: Relation, depth: number): Outcome =>
    any(facts(object, name), (tuple) => {
      if (!allows(relation, tuple)) return no;
      const isDirect = isNamed(subject, tuple.subject);
      if (!isDirect && tuple.subject.relation === "") return no;
      const held = holds(tuple);
      if (held !== "holds") return held;
      if (isDirect) return { _tag: "Yes", reason: { _tag: "Tuple", tuple, member: null } };
      const member = node(tuple.subject, tuple.subject.relation, depth + 1);
      if (member._tag !== "Yes") return member;
      const proof = { object: tuple.subject, relation: tuple.subject.relation, by: member.reason };
      return { _tag: "Yes", reason: { _tag: "Tuple", tuple, member: proof } };
    });

  const rewritten = (object: ObjectRef, name: string, relation: Relation, rewrite: Rewrite, depth: number): Outcome => {
    const part = (one: Rewrite) => rewritten(object, name, relation, one, depth);
    switch (rewrite._tag) {
      case "Direct":
        return direct(object, name, relation, depth);
      case "Computed": {
        const outcome = node(object, rewrite.relation, depth);
        if (outcome._tag !== "Yes") return outcome;
        const proof = { object, relation: rewrite.relation, by: outcome.reason };
        return { _tag: "Yes", reason: { _tag: "Computed", proof } };
      }
      case "From": {
        const tupleset = model.types.get(object.type)?.get(rewrite.tupleset);
        if (tupleset === undefined) return no;
        return any(facts(object, rewrite.tupleset), (tuple) => {
          if (!allows(tupleset, tuple)) return no;
          const held = holds(tuple);
          if (held !== "holds") return held;
          const outcome = node(tuple.subject, rewrite.relation, depth + 1);
          if (outcome._tag !== "Yes") return outcome;
          const proof = { object: tuple.subject, relation: rewrite.relation, by: outcome.reason };
          return { _tag: "Yes", reason: { _tag: "From", tuple, proof } };
        });
      }
      case "Union": {
        const outcome = any(rewrite.of, part);
        return outcome._tag === "Yes" ? { _tag: "Yes", reason: { _tag: "Union", reason: outcome.reason } } : outcome;
      }
      case "Intersection": {
        const reasons: Array<Reason> = [];
        let hanging: Outcome | undefined;
        let undecided: Outcome | undefined;
        for (const one of rewrite.of) {
          const outcome = part(one);
          // What hangs on a cycle is a no for now; one that is a no by itself ends it.
          if (outcome._tag === "No" && outcome.cycle === "none") return outcome;
          if (outcome._tag === "Yes") reasons.push(outcome.reason);
          else if (outcome._tag === "No") hanging = hanging === undefined ? outcome : together(hanging, outcome);
          else undecided ??= outcome;
        }
        return hanging ?? undecided ?? { _tag: "Yes", reason: { _tag: "Intersection", reasons } };
      }
      case "Exclusion": {
        const base = part(rewrite.base);
        if (base._tag === "No") return base;
        const except = part(rewrite.except);
        if (except._tag === "Yes") return no;
        // What excepts itself is excepted.
        if (except._tag === "No" && except.cycle !== "none") return { ...except, cycle: "unfounded" };
        if (base._tag === "Undecided") return base;
        if (except._tag === "Undecided") return except;
        return { _tag: "Yes", reason: { _tag: "Exclusion", base: base.reason, except: rewrite.except } };
      }
    }
  };

  const outcome = node(asked, askedRelation, 0);
  switch (outcome._tag) {
    case "Yes":
      return Result.succeed({ object: asked, relation: askedRelation, by: outcome.reason });
    case "No":
      return Result.succeed(undefined);
    case "Undecided":
      return Result.fail(outcome.error);
  }
};

/** The first condition of facts that cannot be decided, where there is one: then it cannot be told who else has a relation. */
export const undecided = (
  model: Model,
  tuples: ReadonlyArray<Tuple>,
  context: Condition.Context = {},
): ConditionUndecided | undefined => {
  for (const tuple of tuples) {
    const relation = model.types.get(tuple.object.type)?.get(tuple.relation);
    if (tuple.condition === null || relation === undefined || !allows(relation, tuple)) continue;
    const decided = model.conditions.get(tuple.condition.name)?.decide(tuple.condition.context, context);
    if (decided !== undefined && Result.isFailure(decided)) return decided.failure;
  }
  return undefined;
};
