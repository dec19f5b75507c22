/**
 * Relations that nest like groups: by tuples alone, without conditions, whose subjects are objects or those who have such a
 * relation. Of them it can be kept what is within what, so that a question need not go from one to the next.
 */
import type { Model } from "./Model.ts";

/** That tuples of a relation may name those who have another one, both such relations. */
export interface Nested {
  readonly object_type: string;
  readonly relation: string;
  readonly subject_type: string;
  readonly subject_relation: string;
}

const keyOf = (type: string, relation: string): string => `${type}#${relation}`;

/** The relations, as `type#relation`, that nest like groups. */
export const nesting = (model: Model): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const [type, relations] of model.types) {
    for (const [name, { restrictions, rewrite }] of relations) {
      if (rewrite._tag === "Direct" && restrictions.every(({ condition }) => condition === null)) {
        found.add(keyOf(type, name));
      }
    }
  }
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [type, relations] of model.types) {
      for (const [name, { restrictions }] of relations) {
        const isOfSuch = restrictions.every((one) => one.relation === "" || found.has(keyOf(one.type, one.relation)));
        if (!isOfSuch) found.delete(keyOf(type, name));
      }
    }
  }
  return found;
};

/** The relations, likewise, of whose holders a tuple of another relation may speak. */
const spokenOf = (model: Model): ReadonlySet<string> =>
  new Set(
    [...model.types.values()].flatMap((relations) =>
      [...relations.values()].flatMap(({ restrictions }) =>
        restrictions.filter(({ relation }) => relation !== "").map(({ relation, type }) => keyOf(type, relation)),
      ),
    ),
  );

/** Which of them may be within which, of those that may be within anything. */
export const nested = (model: Model): ReadonlyArray<Nested> => {
  const all = nesting(model);
  const found = new Set([...spokenOf(model)].filter((key) => all.has(key)));
  return [...model.types].flatMap(([type, relations]) =>
    [...relations].flatMap(([name, { restrictions }]) =>
      found.has(keyOf(type, name))
        ? restrictions
            .filter(({ relation }) => relation !== "")
            .map((one) => ({
              object_type: type,
              relation: name,
              subject_type: one.type,
              subject_relation: one.relation,
            }))
        : [],
    ),
  );
};
