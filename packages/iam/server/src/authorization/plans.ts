/** What follows from a model for the questions that are asked by it, found once for each kind of question. */
import { Reach } from "@beep/iam-domain";
import { type Compiled, compile } from "./compile.ts";
import type { InForce } from "./Models.ts";
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

const known = new WeakMap<InForce, Plans>();

const once = <Args extends ReadonlyArray<unknown>, A>(make: (...args: Args) => A): ((...args: Args) => A) => {
  const made = new Map<string, { readonly value: A }>();
  return (...args) => {
    const key = JSON.stringify(args);
    const before = made.get(key);
    if (before !== undefined) return before.value;
    const value = make(...args);
    made.set(key, { value });
    return value;
  };
};

/** The plans of a model in force. */
export const of = (inForce: InForce): Plans => {
  const before = known.get(inForce);
  if (before !== undefined) return before;
  const { model } = inForce;
  const plans: Plans = {
    reach: once((type, relation, whom) => Reach.of(model, type, relation, whom)),
    back: once((type, relation, whom) => Reach.back(model, type, relation, whom)),
    asking: once((type, relation, subjectType) => {
      const compiled = compile(model, type, relation, subjectType);
      return compiled === undefined ? undefined : { compiled, one: statements.one(compiled) };
    }),
  };
  known.set(inForce, plans);
  return plans;
};
