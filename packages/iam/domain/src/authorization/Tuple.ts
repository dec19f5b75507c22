/**
 * Relation tuples: a subject has a relation to an object. Written as text they are OpenFGA's: an object is `type:id`, a
 * subject is an object, all objects of a type (`type:*`), or all who have a relation to an object (`type:id#relation`).
 */
import { utf8ToBytes } from "@noble/hashes/utils.js";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";

/** One thing, of a type of the model. */
export interface ObjectRef {
  readonly type: string;
  readonly id: string;
}

/** Who has a relation. */
export interface Subject extends ObjectRef {
  /** Not the object itself, but all who have this relation to it; empty where it is the object. */
  readonly relation: string;
}

/** The id of a subject that is all objects of its type. */
export const ANY = "*";

/** What a tuple is subject to: a condition of the model, and part of its parameters. */
export interface Condition {
  readonly name: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** A fact. */
export interface Tuple {
  readonly subject: Subject;
  readonly relation: string;
  readonly object: ObjectRef;
  readonly condition: Condition | null;
}

const TYPE = "[^:#@\\s]{1,254}";
const ID = "[^:#\\s]{1,256}";
const RELATION = "[^:#@\\s]{1,50}";

const objectPattern = new RegExp(`^(${TYPE}):(?!\\*$)(${ID})$`, "u");
const relationPattern = new RegExp(`^${RELATION}$`, "u");
const subjectPattern = new RegExp(`^(${TYPE}):(${ID})(?:#(${RELATION}))?$`, "u");

/** Whether the database can hold a text, in an index too: OpenFGA's bounds, in bytes of UTF-8. */
const isKept = (text: string, bytes: number): boolean =>
  !text.includes("\0") && text.isWellFormed() && utf8ToBytes(text).length <= bytes;

/** An object from its text; nothing where it is none. */
export const object = (text: string): Option.Option<ObjectRef> => {
  const [, type, id] = objectPattern.exec(text) ?? [];
  return type === undefined || id === undefined || !isKept(text, 256) ? Option.none() : Option.some({ type, id });
};

/** A subject from its text; nothing where it is none. */
export const subject = (text: string): Option.Option<Subject> => {
  const [, type, id, relation = ""] = subjectPattern.exec(text) ?? [];
  if (type === undefined || id === undefined || (id === ANY && relation !== "") || !isKept(text, 512)) {
    return Option.none();
  }
  return Option.some({ type, id, relation });
};

/** Whether a text can be the name of a relation. */
export const isRelation = (text: string): boolean => relationPattern.test(text) && isKept(text, 200);

/** The text of an object. */
export const objectText = ({ id, type }: ObjectRef): string => `${type}:${id}`;

/** The text of a subject. */
export const subjectText = (subject: Subject): string =>
  subject.relation === "" ? objectText(subject) : `${objectText(subject)}#${subject.relation}`;

/** The text of a tuple, as sentences about it have it. */
export const text = (tuple: Tuple): string =>
  `${subjectText(tuple.subject)} ${tuple.relation} ${objectText(tuple.object)}${
    tuple.condition === null ? "" : ` with ${tuple.condition.name}`
  }`;

/** A tuple as it is written over HTTP, in files, and by callers. */
export const Written = Schema.Struct({
  subject: Schema.String,
  relation: Schema.String,
  object: Schema.String,
  condition: Schema.optional(
    Schema.Struct({ name: Schema.String, context: Schema.optional(Schema.Record(Schema.String, Schema.Unknown)) }),
  ),
});
export type Written = typeof Written.Type;
