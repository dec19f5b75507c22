/**
 * A question as one condition of SQL, where the model allows it: whether a subject has a relation to an object, of which the
 * id may be a column of whatever is being read. So the database itself can leave out what may not be seen.
 *
 * Which groups a subject is in is found once for a statement, by what is kept of groups within groups; everything else is
 * looked up in the tuples of the object. Where a relation leads back to itself, over parents for instance, the objects that
 * it leads to are walked through; what is required or excepted on the way is asked at each of them.
 *
 * Conditions are no SQL, and neither is a relation that needs itself twice. Such questions are decided from the facts.
 */
import { Evaluation, type Model, Nesting } from "@beep/iam-domain";
import * as Data from "effect/Data";

/** What a condition is about, as SQL writes it. */
export interface Names {
  readonly organization: string;
  readonly application: string;
  /** The id of the subject, which is an object of the type that the condition was made for. */
  readonly subject: string;
  /** The id of the object. */
  readonly object: string;
}

/** A question that can be asked in SQL. */
export type Compiled = (names: Names) => string;

/** So many objects are walked through for one answer: what lies further is not permitted. */
const WALK = Evaluation.WORK / 10;

/** So many look-ups of tuples are in one question: of a longer one PostgreSQL would think for longer than it takes. */
const LONGEST = 200;

/** That a question is none that SQL can decide. */
class Elsewhere extends Data.TaggedError("Elsewhere") {}

type Sql = (object: string) => string;

/** A way from one object to the next, over which a relation leads back to itself. */
interface Edge {
  readonly to: string;
  /** The tuples that name the next object; none where it is the same one. */
  readonly over: { readonly relation: string; readonly type: string; readonly subjectRelation: string } | null;
  /** What has to hold of the object that is left. */
  readonly guard: Sql | null;
}

/** A relation as what holds by itself, and the ways on. */
interface Linear {
  readonly base: Sql | null;
  readonly edges: ReadonlyArray<Edge>;
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const keyOf = (type: string, relation: string): string => `${type}#${relation}`;

const or = (one: Sql | null, other: Sql | null): Sql | null => {
  if (one === null || other === null) return one ?? other;
  return (object) => `(${one(object)} or ${other(object)})`;
};

const and = (one: Sql | null, other: Sql): Sql =>
  one === null ? other : (object) => `(${one(object)} and ${other(object)})`;

const not =
  (one: Sql): Sql =>
  (object) =>
    `not ${one(object)}`;

const isLive = (row: string): string => `(${row}.expires_at is null or ${row}.expires_at > now())`;

/** A fact with a condition is one that an earlier model allowed: where this one has any, the question is decided from facts. */
const counts = (row: string): string => `${row}.condition is null and ${isLive(row)}`;

/**
 * Makes a question of it.
 *
 * @param subjectType the type of the subject, which is an object itself
 * @returns nothing where it has to be decided from the facts
 */
export const compile = (
  model: Model.Model,
  type: string,
  relation: string,
  subjectType: string,
): Compiled | undefined => {
  try {
    return compiled(model, type, relation, subjectType);
  } catch (error) {
    if (error instanceof Elsewhere) return undefined;
    throw error;
  }
};

const compiled = (model: Model.Model, type: string, relation: string, subjectType: string): Compiled => {
  const nests = Nesting.nesting(model);
  let names: Names = { organization: "", application: "", subject: "", object: "" };
  let aliases = 0;
  const alias = (): string => {
    if (++aliases > LONGEST) throw new Elsewhere();
    return `r${aliases}`;
  };

  const relationOf = (ofType: string, name: string): Model.Relation => {
    const found = model.types.get(ofType)?.get(name);
    if (found === undefined) throw new Elsewhere();
    return found;
  };

  const inSpace = (row: string): string =>
    `${row}.organization_id = ${names.organization} and ${row}.application_id = ${names.application}`;

  /** The tuples of a relation to an object, with subjects of a kind. */
  const tuples = (
    row: string,
    object: string,
    of: { readonly type: string; readonly relation: string },
    subject: { readonly type: string; readonly relation: string },
  ): string =>
    `${inSpace(row)} and ${row}.object_type = ${literal(of.type)} and ${row}.object_id = ${object}
      and ${row}.relation = ${literal(of.relation)} and ${row}.subject_relation = ${literal(subject.relation)}
      and ${row}.subject_type = ${literal(subject.type)} and ${counts(row)}`;

  /** Which ids name the subject, of those that a relation takes; nothing where it takes no such subject. */
  const named = ({ restrictions }: Model.Relation): string | undefined => {
    const own = restrictions.filter((one) => one.type === subjectType && one.relation === "");
    if (own.some(({ condition }) => condition !== null)) throw new Elsewhere();
    const ids = [
      ...(own.some(({ wildcard }) => !wildcard) ? [names.subject] : []),
      ...(own.some(({ wildcard }) => wildcard) ? ["'*'"] : []),
    ];
    return ids.length === 0 ? undefined : ids.length === 1 ? `= ${ids[0]}` : `in (${ids.join(", ")})`;
  };

  /** The groups that may be within one, itself first. */
  const within = (ofType: string, name: string, deep: number): ReadonlyArray<readonly [string, string]> => {
    const found = new Map<string, readonly [string, string]>();
    const visit = (at: string, as: string, depth: number): void => {
      if (depth > Evaluation.DEPTH) throw new Elsewhere();
      if (found.has(keyOf(at, as))) return;
      found.set(keyOf(at, as), [at, as]);
      for (const one of relationOf(at, as).restrictions) {
        if (one.relation !== "") visit(one.type, one.relation, depth + 1);
      }
    };
    visit(ofType, name, deep);
    return [...found.values()];
  };

  /** The ids of the groups of a kind that the subject is in, as an array that is made once. */
  const groups = (ofType: string, name: string, depth: number): string => {
    const m = alias();
    const n = alias();
    const isMember = ([at, as]: readonly [string, string]): ReadonlyArray<string> => {
      const ids = named(relationOf(at, as));
      return ids === undefined
        ? []
        : [`${m}.object_type = ${literal(at)} and ${m}.relation = ${literal(as)} and ${m}.subject_id ${ids}`];
    };
    const inner = within(ofType, name, depth);
    const direct = isMember([ofType, name]).map(
      (member) => `select ${m}.object_id from iam_relations ${m} where ${inSpace(m)}
        and ${m}.subject_type = ${literal(subjectType)} and ${m}.subject_relation = '' and ${member} and ${counts(m)}`,
    );
    const mayNest = inner.some(([at, as]) => relationOf(at, as).restrictions.some((one) => one.relation !== ""));
    const nested = mayNest
      ? inner.flatMap(isMember).map(
          (member) => `select ${n}.outer_id from iam_relations ${m} join iam_relation_nestings ${n} on ${inSpace(n)}
            and ${n}.inner_type = ${m}.object_type and ${n}.inner_id = ${m}.object_id
            and ${n}.inner_relation = ${m}.relation and ${n}.outer_type = ${literal(ofType)}
            and ${n}.outer_relation = ${literal(name)} and ${isLive(n)}
          where ${inSpace(m)} and ${m}.subject_type = ${literal(subjectType)} and ${m}.subject_relation = ''
            and ${member} and ${counts(m)}`,
        )
      : [];
    const all = [...direct, ...nested];
    return all.length === 0 ? "array[]::text[]" : `array(${all.join(" union all ")})`;
  };

  /** The relations that a relation hangs on other than by groups, each with those that it may lead back to. */
  const cycles = cyclesOf(model, nests);

  /** A relation as a condition of an object. `depth` counts the steps from one object to the next. */
  const node = (ofType: string, name: string, depth: number): Sql => {
    if (depth > Evaluation.DEPTH) throw new Elsewhere();
    const cycle = cycles.get(keyOf(ofType, name)) ?? new Set();
    if (cycle.size === 0) {
      const { base } = linear(ofType, name, cycle, depth);
      return base ?? (() => "false");
    }
    return walked(ofType, name, cycle, depth);
  };

  const walked = (ofType: string, name: string, cycle: ReadonlySet<string>, depth: number): Sql => {
    const first = keyOf(ofType, name);
    const members = [first, ...[...cycle].filter((key) => key !== first)];
    const parts = members.map((key) => {
      const at = key.lastIndexOf("#");
      return { type: key.slice(0, at), ...linear(key.slice(0, at), key.slice(at + 1), cycle, depth) };
    });
    const w = alias();
    const steps = parts.flatMap(({ edges, type: from }, at) =>
      edges.map(({ guard, over, to }) => {
        const guarded = guard === null ? "" : ` and ${guard(`${w}.id`)}`;
        const kind = members.indexOf(to);
        if (over === null) return `select ${kind}, ${w}.id where ${w}.kind = ${at}${guarded}`;
        const r = alias();
        return `select ${kind}, ${r}.subject_id from iam_relations ${r} where ${w}.kind = ${at}
          and ${tuples(r, `${w}.id`, { type: from, relation: over.relation }, { type: over.type, relation: over.subjectRelation })}${guarded}`;
      }),
    );
    const bases = parts.flatMap(({ base }, at) => (base === null ? [] : [`${w}.kind = ${at} and ${base(`${w}.id`)}`]));
    if (bases.length === 0) return () => "false";
    const walk = alias();
    return (object) => `exists (
      with recursive ${walk} (kind, id) as (
        select 0, ${object} collate "C"
        union
        select step.kind, step.id from ${walk} ${w} cross join lateral (${steps.join(" union all ")}) step (kind, id)
      )
      select from (select kind, id from ${walk} limit ${WALK}) ${w} where ${bases.map((base) => `(${base})`).join(" or ")}
    )`;
  };

  const linear = (ofType: string, name: string, cycle: ReadonlySet<string>, depth: number): Linear => {
    const self = relationOf(ofType, name);
    const part = (rewrite: Model.Rewrite): Linear => {
      switch (rewrite._tag) {
        case "Direct":
          return direct(ofType, name, self, cycle, depth);
        case "Computed":
          return cycle.has(keyOf(ofType, rewrite.relation))
            ? { base: null, edges: [{ to: keyOf(ofType, rewrite.relation), over: null, guard: null }] }
            : { base: node(ofType, rewrite.relation, depth), edges: [] };
        case "From":
          return from(ofType, rewrite, cycle, depth);
        case "Union": {
          const parts = rewrite.of.map(part);
          return {
            base: parts.reduce<Sql | null>((all, { base }) => or(all, base), null),
            edges: parts.flatMap(({ edges }) => edges),
          };
        }
        case "Intersection":
          return rewrite.of.map(part).reduce(both);
        case "Exclusion": {
          const base = part(rewrite.base);
          const except = part(rewrite.except);
          if (except.edges.length > 0) throw new Elsewhere();
          return except.base === null ? base : guardedBy(base, not(except.base));
        }
      }
    };
    return part(self.rewrite);
  };

  const direct = (
    ofType: string,
    name: string,
    self: Model.Relation,
    cycle: ReadonlySet<string>,
    depth: number,
  ): Linear => {
    const bases: Array<Sql> = [];
    const edges: Array<Edge> = [];
    const of = { type: ofType, relation: name };
    const ids = named(self);
    if (ids !== undefined) {
      const r = alias();
      bases.push(
        (object) =>
          `exists (select from iam_relations ${r} where ${tuples(r, object, of, { type: subjectType, relation: "" })}
            and ${r}.subject_id ${ids})`,
      );
    }
    for (const one of self.restrictions) {
      if (one.relation === "") continue;
      if (one.condition !== null) throw new Elsewhere();
      const to = keyOf(one.type, one.relation);
      const r = alias();
      if (nests.has(to)) {
        const found = groups(one.type, one.relation, depth + 1);
        bases.push(
          (object) => `exists (select from iam_relations ${r} where ${tuples(r, object, of, one)}
            and ${r}.subject_id = any (${found}))`,
        );
      } else if (cycle.has(to)) {
        edges.push({ to, over: { relation: name, type: one.type, subjectRelation: one.relation }, guard: null });
      } else {
        const inner = node(one.type, one.relation, depth + 1);
        bases.push(
          (object) => `exists (select from iam_relations ${r} where ${tuples(r, object, of, one)}
            and ${inner(`${r}.subject_id`)})`,
        );
      }
    }
    return { base: bases.reduce<Sql | null>(or, null), edges };
  };

  const from = (
    ofType: string,
    { relation: target, tupleset }: { readonly relation: string; readonly tupleset: string },
    cycle: ReadonlySet<string>,
    depth: number,
  ): Linear => {
    const bases: Array<Sql> = [];
    const edges: Array<Edge> = [];
    for (const one of relationOf(ofType, tupleset).restrictions) {
      if (model.types.get(one.type)?.has(target) !== true) continue;
      if (one.condition !== null) throw new Elsewhere();
      const to = keyOf(one.type, target);
      if (cycle.has(to)) {
        edges.push({ to, over: { relation: tupleset, type: one.type, subjectRelation: "" }, guard: null });
        continue;
      }
      const r = alias();
      const inner = node(one.type, target, depth + 1);
      bases.push(
        (object) => `exists (select from iam_relations ${r}
          where ${tuples(r, object, { type: ofType, relation: tupleset }, { type: one.type, relation: "" })}
            and ${inner(`${r}.subject_id`)})`,
      );
    }
    return { base: bases.reduce<Sql | null>(or, null), edges };
  };

  const guardedBy = ({ base, edges }: Linear, guard: Sql): Linear => ({
    base: base === null ? null : and(base, guard),
    edges: edges.map((edge) => ({ ...edge, guard: and(edge.guard, guard) })),
  });

  /** What leads back to itself may do so on one side only. */
  const both = (one: Linear, other: Linear): Linear => {
    if (other.edges.length === 0) return other.base === null ? { base: null, edges: [] } : guardedBy(one, other.base);
    if (one.edges.length === 0) return one.base === null ? { base: null, edges: [] } : guardedBy(other, one.base);
    throw new Elsewhere();
  };

  const ask = (asked: Names): string => {
    names = asked;
    aliases = 0;
    return node(type, relation, 0)(asked.object);
  };
  // Whether it can be asked is found out here, and not when it is.
  ask({ organization: "o", application: "a", subject: "s", object: "i" });
  return ask;
};

/** Of each relation that may lead back to itself, other than by groups, those on the way. */
const cyclesOf = (model: Model.Model, nests: ReadonlySet<string>): ReadonlyMap<string, ReadonlySet<string>> => {
  const leads = new Map<string, Set<string>>();
  for (const [type, relations] of model.types) {
    for (const [name, { restrictions, rewrite }] of relations) {
      const to = new Set<string>();
      leads.set(keyOf(type, name), to);
      const look = (part: Model.Rewrite): void => {
        switch (part._tag) {
          case "Direct":
            for (const one of restrictions) {
              const key = keyOf(one.type, one.relation);
              if (one.relation !== "" && !nests.has(key)) to.add(key);
            }
            return;
          case "Computed":
            to.add(keyOf(type, part.relation));
            return;
          case "From":
            for (const one of relations.get(part.tupleset)?.restrictions ?? []) to.add(keyOf(one.type, part.relation));
            return;
          case "Union":
          case "Intersection":
            for (const one of part.of) look(one);
            return;
          case "Exclusion":
            look(part.base);
            look(part.except);
        }
      };
      look(rewrite);
    }
  }
  const reached = new Map<string, Set<string>>();
  for (const key of leads.keys()) {
    const found = new Set<string>();
    const visit = (at: string): void => {
      for (const next of leads.get(at) ?? []) {
        if (found.has(next)) continue;
        found.add(next);
        visit(next);
      }
    };
    visit(key);
    reached.set(key, found);
  }
  return new Map(
    [...reached].map(([key, found]) => [key, new Set([...found].filter((other) => reached.get(other)?.has(key)))]),
  );
};
