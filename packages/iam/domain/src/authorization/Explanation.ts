/** Why an answer is as it is, to be read by people: the proof of a permit, and what is nearest to one where there is none. */
import * as Result from "effect/Result";
import * as Evaluation from "./Evaluation.ts";
import type { Model, Rewrite } from "./Model.ts";
import { ANY, objectText, type Subject, subjectText, type Tuple, text as tupleText } from "./Tuple.ts";

/** So many facts are named that are missing. */
const NAMED = 10;

/** Why a subject does not have a relation. */
export interface Lack {
  /** Facts of which each would give it, or would bring it nearer; the nearest first. */
  readonly missing: ReadonlyArray<Tuple>;
  /** By what it would be had, were it not excepted. */
  readonly excepted: ReadonlyArray<Evaluation.Proof>;
}

/** What a proof of one relation of one object is called. */
const headOf = ({ object, relation }: Evaluation.Proof): string => `${objectText(object)}#${relation}`;

const reasonLines = (reason: Evaluation.Reason, subject: Subject): Array<string> => {
  switch (reason._tag) {
    case "Self":
      return [`is ${subjectText(subject)} itself`];
    case "Tuple": {
      const said = `by the fact ${tupleText(reason.tuple)}`;
      return reason.member === null ? [said] : [said, ...below(proofLines(reason.member, subject))];
    }
    case "Computed":
      return proofLines(reason.proof, subject);
    case "From":
      return [`by the fact ${tupleText(reason.tuple)}`, ...below(proofLines(reason.proof, subject))];
    case "Union":
      return reasonLines(reason.reason, subject);
    case "Intersection":
      return reason.reasons.flatMap((one, at) => [
        `required, ${at + 1} of ${reason.reasons.length}`,
        ...below(reasonLines(one, subject)),
      ]);
    case "Exclusion":
      return [...reasonLines(reason.base, subject), `and nothing excepts it (${rewriteText(reason.except)})`];
  }
};

const below = (lines: ReadonlyArray<string>): Array<string> => lines.map((line) => `  ${line}`);

const proofLines = (proof: Evaluation.Proof, subject: Subject): Array<string> => [
  headOf(proof),
  ...below(reasonLines(proof.by, subject)),
];

const rewriteText = (rewrite: Rewrite): string => {
  switch (rewrite._tag) {
    case "Direct":
      return "a fact";
    case "Computed":
      return rewrite.relation;
    case "From":
      return `${rewrite.relation} from ${rewrite.tupleset}`;
    case "Union":
      return rewrite.of.map(rewriteText).join(" or ");
    case "Intersection":
      return rewrite.of.map(rewriteText).join(" and ");
    case "Exclusion":
      return `${rewriteText(rewrite.base)} but not ${rewriteText(rewrite.except)}`;
  }
};

/** A proof as indented lines: each stands on those below it. */
export const text = (proof: Evaluation.Proof, subject: Subject): string => proofLines(proof, subject).join("\n");

/** What a subject lacks that does not have a relation: found from the object on, so that what is nearest comes first. */
export const lack = (
  model: Model,
  facts: Evaluation.Facts,
  question: Evaluation.Question,
  context?: Readonly<Record<string, unknown>>,
): Lack => {
  const { subject } = question;
  const missing = new Map<string, Tuple>();
  const excepted: Array<Evaluation.Proof> = [];
  const seen = new Set<string>();
  let level: Array<Pick<Evaluation.Question, "object" | "relation">> = [question];

  const provedBy = (asked: Pick<Evaluation.Question, "object" | "relation">): Evaluation.Proof | undefined => {
    const decided = Evaluation.decide(model, facts, { ...asked, subject }, context);
    return Result.isSuccess(decided) ? decided.success : undefined;
  };

  const look = ({ object, relation }: (typeof level)[number], next: typeof level): void => {
    const key = `${objectText(object)}#${relation}`;
    const found = model.types.get(object.type)?.get(relation);
    if (seen.has(key) || found === undefined) return;
    seen.add(key);
    const part = (rewrite: Rewrite): void => {
      switch (rewrite._tag) {
        case "Direct": {
          const tuple = { subject, relation, object, condition: null };
          if (Evaluation.allows(found, tuple)) missing.set(tupleText(tuple), tuple);
          for (const { subject: other } of facts(object, relation)) {
            if (other.relation !== "") next.push({ object: other, relation: other.relation });
          }
          return;
        }
        case "Computed":
          look({ object, relation: rewrite.relation }, next);
          return;
        case "From":
          for (const { subject: other } of facts(object, rewrite.tupleset)) {
            if (other.id !== ANY) next.push({ object: other, relation: rewrite.relation });
          }
          return;
        case "Union":
        case "Intersection":
          for (const one of rewrite.of) part(one);
          return;
        case "Exclusion": {
          part(rewrite.base);
          if (rewrite.except._tag !== "Computed") return;
          const proof = provedBy({ object, relation: rewrite.except.relation });
          if (proof !== undefined) excepted.push(proof);
        }
      }
    };
    part(found.rewrite);
  };

  while (level.length > 0 && missing.size < NAMED) {
    const next: typeof level = [];
    for (const one of level) look(one, next);
    level = next;
  }
  return { missing: [...missing.values()].slice(0, NAMED), excepted };
};
