/** Random authorization models with facts that they allow: small worlds, in which everything meets everything. */
import { Model, type Tuple } from "@beep/iam-domain";
import * as Result from "effect/Result";

/** A world: a model, facts, and what may be asked about. */
export interface World {
  readonly source: string;
  readonly model: Model.Model;
  readonly tuples: ReadonlyArray<Tuple.Tuple>;
  readonly subjects: ReadonlyArray<Tuple.Subject>;
  readonly objects: ReadonlyArray<Tuple.ObjectRef>;
}

/** Numbers from 0 to 1, the same ones from the same seed (mulberry32). */
const numbers = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const IDS = ["1", "2", "3"];

/** A world of a seed. Whether exclusions are in it may be said. */
export const world = (seed: number, { exclusions = true }: { readonly exclusions?: boolean } = {}): World => {
  const next = numbers(seed);
  for (;;) {
    const source = sourceOf(next, exclusions);
    const model = Model.parse(source);
    // Some that are drawn do not hold together.
    if (Result.isSuccess(model)) return { source, model: model.success, ...factsOf(model.success, next) };
  }
};

/** Whether a relation may be excepted from itself, over whatever between: then what is had is not defined for all. */
export const exceptsItself = (model: Model.Model): boolean => {
  const leads = new Map<string, Array<{ readonly to: string; readonly excepts: boolean }>>();
  for (const [type, relations] of model.types) {
    for (const [name, { restrictions, rewrite }] of relations) {
      const to: Array<{ readonly to: string; readonly excepts: boolean }> = [];
      leads.set(`${type}#${name}`, to);
      const look = (part: Model.Rewrite, excepts: boolean): void => {
        switch (part._tag) {
          case "Direct":
            for (const one of restrictions) {
              if (one.relation !== "") to.push({ to: `${one.type}#${one.relation}`, excepts });
            }
            return;
          case "Computed":
            to.push({ to: `${type}#${part.relation}`, excepts });
            return;
          case "From":
            for (const one of relations.get(part.tupleset)?.restrictions ?? []) {
              to.push({ to: `${one.type}#${part.relation}`, excepts });
            }
            return;
          case "Union":
          case "Intersection":
            for (const one of part.of) look(one, excepts);
            return;
          case "Exclusion":
            look(part.base, excepts);
            look(part.except, true);
        }
      };
      look(rewrite, false);
    }
  }
  const reaches = (from: string, to: string, seen: ReadonlySet<string> = new Set()): boolean =>
    from === to ||
    (!seen.has(from) && (leads.get(from) ?? []).some((edge) => reaches(edge.to, to, new Set([...seen, from]))));
  return [...leads].some(([key, edges]) => edges.some(({ excepts, to }) => excepts && reaches(to, key)));
};

const sourceOf = (next: () => number, exclusions: boolean): string => {
  const below = (count: number): number => Math.floor(next() * count);
  const pick = <A>(list: readonly [A, ...ReadonlyArray<A>]): A => list[below(list.length)] ?? list[0];
  const names = ["a", "b", "c", "d"] as const;
  const types = ["folder", "document"] as const;

  const direct = (type: string): string => {
    const kinds = new Set<string>();
    for (let count = 1 + below(3); count > 0; count--) {
      kinds.add(
        pick(["user", "user", "user:*", "group#member", "group#member", `${pick(types)}#${pick(names)}`, type]),
      );
    }
    return `[${[...kinds].join(", ")}]`;
  };
  const leaf = (): string => (next() < 0.65 ? pick(names) : `${pick(names)} from parent`);
  const operator = (): string => pick(exclusions ? ["or", "or", "and", "but not"] : ["or", "or", "and"]);
  const expression = (type: string, depth: number): string => {
    const first = next() < 0.7 ? direct(type) : leaf();
    if (next() < 0.35) return first;
    const second = depth > 0 && next() < 0.3 ? `(${leaf()} ${operator()} ${leaf()})` : leaf();
    const both = `${first} ${operator()} ${second}`;
    return depth > 0 && next() < 0.3 ? `(${both}) ${operator()} ${leaf()}` : both;
  };
  const members = next() < 0.8 ? "[user, group#member]" : "[user, user:*, group#member]";
  return [
    "model",
    "  schema 1.1",
    "type user",
    "type group",
    "  relations",
    `    define member: ${members}`,
    ...types.flatMap((type) => [
      `type ${type}`,
      "  relations",
      "    define parent: [folder]",
      ...names.map((name) => `    define ${name}: ${expression(type, 1)}`),
    ]),
    "",
  ].join("\n");
};

const factsOf = (model: Model.Model, next: () => number): Omit<World, "source" | "model"> => {
  const below = (count: number): number => Math.floor(next() * count);
  const id = (): string => IDS[below(IDS.length)] ?? "1";
  const kinds = [...model.types].flatMap(([type, relations]) =>
    [...relations].flatMap(([relation, { restrictions, rewrite }]) =>
      Model.partsOf(rewrite).some(({ _tag }) => _tag === "Direct")
        ? restrictions.map((restriction) => ({ type, relation, restriction }))
        : [],
    ),
  );
  const tuples = new Map<string, Tuple.Tuple>();
  for (let count = 12 + below(14); count > 0; count--) {
    const kind = kinds[below(kinds.length)];
    if (kind === undefined) continue;
    const { relation, restriction, type } = kind;
    const tuple = {
      subject: { type: restriction.type, id: restriction.wildcard ? "*" : id(), relation: restriction.relation },
      relation,
      object: { type, id: id() },
      condition: null,
    };
    tuples.set(JSON.stringify(tuple), tuple);
  }
  const all = (type: string, relation = "") => IDS.map((one) => ({ type, id: one, relation }));
  return {
    tuples: [...tuples.values()],
    subjects: [
      ...all("user"),
      ...all("group", "member"),
      ...all("folder", "a"),
      { type: "user", id: "*", relation: "" },
    ],
    objects: [...all("folder"), ...all("document"), ...all("group")].map(({ id: one, type }) => ({ type, id: one })),
  };
};
