/** What follows from a model for the questions that are asked by it, found once for each kind of question. */
import { type Model, Reach } from "@beep/iam-domain";
import { type Compiled, compile } from "./compile.ts";
import * as statements from "./statements.ts";

/** A question as SQL. */
export interface Asking {
  readonly compiled: Compiled;
  /** The statement that asks it of one object. */
  readonly one: string;
}

/** The plans of a model. */
export interface Plans {
  /** What is read for a question that is decided from facts. */
  readonly reach: (type: string, relation: string, whom: Reach.Whom) => Reach.Reach;
  /** What is read to find the objects of which it may be asked. */
  readonly back: (type: string, relation: string, whom: Reach.Whom) => Reach.Back;
  /** The question as SQL; nothing where it is decided from facts. */
  readonly asking: (type: string, relation: string, subjectType: string) => Asking | undefined;
}

const known = new WeakMap<Model.Model, Plans>();

const keep = <A>(made: Map<string, A>, key: string, make: () => A): A => {
  const before = made.get(key);
  if (before !== undefined) return before;
  const value = make();
  made.set(key, value);
  return value;
};

const keyOf = (type: string, relation: string, { relation: of, type: subject, which }: Reach.Whom): string =>
  `${type}#${relation}@${subject}#${of} ${which}`;

/** The plans of a model. */
export const of = (model: Model.Model): Plans => {
  const before = known.get(model);
  if (before !== undefined) return before;
  const reaches = new Map<string, Reach.Reach>();
  const backs = new Map<string, Reach.Back>();
  const askings = new Map<string, Asking | "from facts">();
  const plans: Plans = {
    reach: (type, relation, whom) =>
      keep(reaches, keyOf(type, relation, whom), () => Reach.of(model, type, relation, whom)),
    back: (type, relation, whom) =>
      keep(backs, keyOf(type, relation, whom), () => Reach.back(model, type, relation, whom)),
    asking: (type, relation, subjectType) => {
      const found = keep(askings, `${type}#${relation}@${subjectType}`, () => {
        const compiled = compile(model, type, relation, subjectType);
        return compiled === undefined ? "from facts" : { compiled, one: statements.one(compiled) };
      });
      return found === "from facts" ? undefined : found;
    },
  };
  known.set(model, plans);
  return plans;
};
