/** What a model allows to be asked and to be written: OpenFGA's rules, and its distinctions between what is wrong. */
import { Field } from "@beep/shared-domain";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { QuestionInvalid, RelationUnknown, TupleInvalid, TypeUnknown } from "./AuthorizationErrors.ts";
import { allows, type Question } from "./Evaluation.ts";
import type { Model } from "./Model.ts";
import * as Tuple from "./Tuple.ts";

/** What is wrong with a subject in a model, in words; nothing where all is right. */
const faultOfSubject = (model: Model, { relation, type }: Tuple.Subject): string | undefined => {
  const relations = model.types.get(type);
  if (relations === undefined) return `there is no type ${type}`;
  if (relation !== "" && !relations.has(relation)) return `the type ${type} has no relation ${relation}`;
  return undefined;
};

const isJson = Schema.is(Field.json);

const malformed = (kind: string, text: string) => `${JSON.stringify(text)} is no ${kind}`;

/** A subject that can be asked about. */
export const subject = (model: Model, text: string): Result.Result<Tuple.Subject, QuestionInvalid> =>
  Option.match(Tuple.subject(text), {
    onNone: () => Result.fail(new QuestionInvalid({ says: malformed("subject", text) })),
    onSome: (found) => {
      const says = faultOfSubject(model, found);
      return says === undefined ? Result.succeed(found) : Result.fail(new QuestionInvalid({ says }));
    },
  });

/** An object that can be asked about. */
export const object = (text: string): Result.Result<Tuple.ObjectRef, QuestionInvalid> =>
  Result.fromOption(Tuple.object(text), () => new QuestionInvalid({ says: malformed("object", text) }));

/** Where a page of objects of a type begins: behind an id; behind none where nothing is said. */
export const after = (type: string, id: string | undefined): Result.Result<string, QuestionInvalid> =>
  id === undefined ? Result.succeed("") : Result.map(object(`${type}:${id}`), (found) => found.id);

/** A question whether a subject has a relation to an object. */
export const question = (
  model: Model,
  asked: { readonly subject: string; readonly relation: string; readonly object: string },
): Result.Result<Question, QuestionInvalid> => {
  const to = object(asked.object);
  if (Result.isFailure(to)) return Result.fail(to.failure);
  const has = relationOf(model, to.success.type, asked.relation);
  if (Result.isFailure(has)) return Result.fail(new QuestionInvalid({ says: says(has.failure) }));
  return Result.map(subject(model, asked.subject), (who) => ({
    subject: who,
    relation: asked.relation,
    object: to.success,
  }));
};

/** That a type has a relation. */
export const relationOf = (
  model: Model,
  type: string,
  relation: string,
): Result.Result<void, TypeUnknown | RelationUnknown> => {
  const relations = model.types.get(type);
  if (relations === undefined) return Result.fail(new TypeUnknown({ type }));
  return relations.has(relation) ? Result.void : Result.fail(new RelationUnknown({ type, relation }));
};

/** What somebody's list is of: objects of a type, or those who have a relation to one (`group#member`). */
export const filter = (
  model: Model,
  text: string,
): Result.Result<{ readonly type: string; readonly relation: string }, TypeUnknown | RelationUnknown> => {
  const [type = "", relation = ""] = text.split("#", 2);
  if (relation !== "") return Result.map(relationOf(model, type, relation), () => ({ type, relation }));
  return model.types.has(type) ? Result.succeed({ type, relation }) : Result.fail(new TypeUnknown({ type }));
};

/** As a clause of a sentence. */
const says = (error: { readonly message: string }): string => {
  const text = error.message.replace(/\.$/, "");
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
};

/** A tuple that the model allows: to be written, or to be taken into account for one question. */
export const tuple = (model: Model, written: Tuple.Written): Result.Result<Tuple.Tuple, TupleInvalid> => {
  const text = `${written.subject} ${written.relation} ${written.object}`;
  const invalid = (why: string) => Result.fail(new TupleInvalid({ tuple: text, says: why }));
  const who = Tuple.subject(written.subject);
  if (Option.isNone(who)) return invalid(malformed("subject", written.subject));
  const what = Tuple.object(written.object);
  if (Option.isNone(what)) return invalid(malformed("object", written.object));
  const has = relationOf(model, what.value.type, written.relation);
  if (Result.isFailure(has)) return invalid(says(has.failure));
  const fault = faultOfSubject(model, who.value);
  if (fault !== undefined) return invalid(fault);
  const made: Tuple.Tuple = {
    subject: who.value,
    relation: written.relation,
    object: what.value,
    condition:
      written.condition === undefined
        ? null
        : { name: written.condition.name, context: written.condition.context ?? {} },
  };
  const relation = model.types.get(what.value.type)?.get(written.relation);
  if (relation === undefined || !allows(relation, made)) {
    return invalid(
      `${what.value.type}#${written.relation} does not take ${kindOf(made)}${
        made.condition === null ? "" : ` with ${made.condition.name}`
      }`,
    );
  }
  if (made.condition !== null) {
    const known = model.conditions.get(made.condition.name)?.parameters ?? {};
    const unknown = Object.keys(made.condition.context).filter((parameter) => !Object.hasOwn(known, parameter));
    if (unknown.length > 0) return invalid(`${made.condition.name} has no parameter ${unknown.join(", ")}`);
    if (!isJson(made.condition.context))
      return invalid(`what ${made.condition.name} is given is no JSON that can be kept`);
  }
  return Result.succeed(made);
};

/** What a restriction would have to say to take a tuple's subject. */
const kindOf = ({ subject: { id, relation, type } }: Tuple.Tuple): string => {
  if (id === Tuple.ANY) return `${type}:*`;
  return relation === "" ? type : `${type}#${relation}`;
};
