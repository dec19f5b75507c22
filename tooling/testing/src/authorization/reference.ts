/**
 * Authorization once more, as it is defined and as slowly: every relation of every object is looked at again and again until
 * nothing changes any more. What excepts itself, over whatever between, is neither had nor not had, and so counts for nobody
 * (the well-founded semantics; Van Gelder, Ross and Schlipf 1991). For models and facts without conditions.
 */
import type { Model, Tuple } from "@beep/iam-domain";

type Holders = ReadonlySet<string>;

const keyOf = ({ id, type }: Tuple.ObjectRef, relation: string): string => `${type}:${id}#${relation}`;

const isSame = (one: Tuple.Subject, other: Tuple.Subject): boolean =>
  one.type === other.type && one.id === other.id && one.relation === other.relation;

/** What a subject has by some facts, as `type:id#relation`: of the objects that are named somewhere. */
export const held = (
  model: Model.Model,
  tuples: ReadonlyArray<Tuple.Tuple>,
  subject: Tuple.Subject,
  objects: ReadonlyArray<Tuple.ObjectRef>,
): Holders => {
  const named = new Map<string, Tuple.ObjectRef>();
  for (const one of [...objects, subject, ...tuples.flatMap((tuple) => [tuple.object, tuple.subject])]) {
    if (one.id !== "*") named.set(`${one.type}:${one.id}`, { type: one.type, id: one.id });
  }

  /** What follows when of what is excepted some things are taken to be had. */
  const follows = (excepted: Holders): Holders => {
    const found = new Set<string>();
    const has = (object: Tuple.ObjectRef, relation: string): boolean => found.has(keyOf(object, relation));
    /** `not` is what counts as had on the other side of an exclusion. */
    const holds = (
      object: Tuple.ObjectRef,
      name: string,
      rewrite: Model.Rewrite,
      by: Holders,
      not: Holders,
    ): boolean => {
      const of = tuples.filter((tuple) => tuple.object.type === object.type && tuple.object.id === object.id);
      switch (rewrite._tag) {
        case "Direct":
          return of.some(
            (tuple) =>
              tuple.relation === name &&
              (isSame(tuple.subject, subject) ||
                (tuple.subject.id === "*" && tuple.subject.type === subject.type && subject.relation === "") ||
                (tuple.subject.relation !== "" && by.has(keyOf(tuple.subject, tuple.subject.relation)))),
          );
        case "Computed":
          return by.has(keyOf(object, rewrite.relation));
        case "From":
          return of.some(
            (tuple) => tuple.relation === rewrite.tupleset && by.has(keyOf(tuple.subject, rewrite.relation)),
          );
        case "Union":
          return rewrite.of.some((one) => holds(object, name, one, by, not));
        case "Intersection":
          return rewrite.of.every((one) => holds(object, name, one, by, not));
        case "Exclusion":
          return holds(object, name, rewrite.base, by, not) && !holds(object, name, rewrite.except, not, by);
      }
    };
    for (let before = -1; before !== found.size; ) {
      before = found.size;
      for (const object of named.values()) {
        for (const [name, { rewrite }] of model.types.get(object.type) ?? []) {
          const isItself = isSame({ ...object, relation: name }, subject);
          if (!has(object, name) && (isItself || holds(object, name, rewrite, found, excepted))) {
            found.add(keyOf(object, name));
          }
        }
      }
    }
    return found;
  };

  let had: Holders = new Set();
  for (;;) {
    const next = follows(follows(had));
    if (next.size === had.size) return next;
    had = next;
  }
};
