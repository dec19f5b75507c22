/**
 * Which facts a question may hang on, by the model alone: what has to be read of an object for a relation, and what of the
 * objects that are found there. Reading by it, in one statement, gives all facts that a decision asks for.
 */
import { type Model, partsOf, type Relation, type Rewrite } from "./Model.ts";
import { ANY } from "./Tuple.ts";

/** Before every id, and after. */
const FIRST = "";
const LAST = "\u{10ffff}";

/** Tuples to read of an object: of one relation, with subjects of one kind, of which all or one. */
export interface Read {
  readonly relation: string;
  readonly subject_type: string;
  readonly subject_relation: string;
  /** The first id of the subjects that are meant, and the last; nothing where it is the one that is asked about. */
  readonly low: string | null;
  readonly high: string | null;
}

/** What to read of the subject of a tuple of some kind. */
export interface Step extends Read {
  readonly of_type: string;
  readonly of_relation: string;
  readonly of_subject_type: string;
  readonly of_subject_relation: string;
}

/** Of whom the question is: one subject of a kind, or all of the kind that have the relation. */
export interface Whom {
  readonly which: "one" | "all";
  readonly type: string;
  readonly relation: string;
}

/** What to read first, and then of what was found. */
export interface Reach {
  readonly first: ReadonlyArray<Read>;
  readonly steps: ReadonlyArray<Step>;
}

/** The relations of a type from whose tuples a relation comes about, over relations of the same object. */
export interface Sources {
  /** Those whose tuples name who has it. */
  readonly direct: ReadonlySet<string>;
  /** Those whose tuples name objects, and the relation to these that counts. */
  readonly from: ReadonlyArray<{ readonly tupleset: string; readonly relation: string }>;
  /** All relations of the object that it comes about by, itself included. */
  readonly names: ReadonlyArray<string>;
}

/** From where a relation of a type comes. */
export const sourcesOf = (model: Model, type: string, relation: string): Sources => {
  const direct = new Set<string>();
  const from = new Map<string, { readonly tupleset: string; readonly relation: string }>();
  const seen = new Set<string>();
  const look = (name: string): void => {
    const found = model.types.get(type)?.get(name);
    if (found === undefined || seen.has(name)) return;
    seen.add(name);
    const part = (rewrite: Rewrite): void => {
      switch (rewrite._tag) {
        case "Direct":
          direct.add(name);
          return;
        case "Computed":
          look(rewrite.relation);
          return;
        case "From":
          from.set(`${rewrite.tupleset} ${rewrite.relation}`, rewrite);
          return;
        case "Union":
        case "Intersection":
          for (const one of rewrite.of) part(one);
          return;
        case "Exclusion":
          part(rewrite.base);
          part(rewrite.except);
      }
    };
    part(found.rewrite);
  };
  look(relation);
  return { direct, from: [...from.values()], names: [...seen] };
};

const leavesOf = ({ restrictions }: Relation, name: string, whom: Whom): Array<Read> =>
  restrictions.flatMap((restriction): Array<Read> => {
    if (restriction.type !== whom.type || restriction.relation !== whom.relation) return [];
    const read = { relation: name, subject_type: whom.type, subject_relation: whom.relation };
    if (restriction.wildcard) return [{ ...read, low: ANY, high: ANY }];
    return whom.which === "all" ? [{ ...read, low: FIRST, high: LAST }] : [{ ...read, low: null, high: null }];
  });

/** Tuples that lead on to other objects, and the relations to these that count. */
interface Lead {
  readonly read: Read;
  readonly to: Set<string>;
}

/** What is read of an object for one of its relations. */
interface Node {
  readonly type: string;
  readonly leaves: ReadonlyArray<Read>;
  readonly leads: ReadonlyArray<Lead>;
}

const nodeOf = (model: Model, type: string, relation: string, whom: Whom): Node => {
  const relations = model.types.get(type);
  const { direct, from } = sourcesOf(model, type, relation);
  const leaves: Array<Read> = [];
  const leads = new Map<string, Lead>();
  const lead = (read: Read, to: string) => {
    const key = `${read.relation} ${read.subject_type} ${read.subject_relation}`;
    const known = leads.get(key);
    if (known === undefined) leads.set(key, { read, to: new Set([to]) });
    else known.to.add(to);
  };
  for (const name of direct) {
    const source = relations?.get(name);
    if (source === undefined) continue;
    leaves.push(...leavesOf(source, name, whom));
    for (const one of source.restrictions) {
      if (one.relation !== "") lead(rangeOf(name, one.type, one.relation), one.relation);
    }
  }
  for (const { relation: target, tupleset } of from) {
    for (const one of relations?.get(tupleset)?.restrictions ?? []) {
      if (model.types.get(one.type)?.has(target) === true) lead(rangeOf(tupleset, one.type, ""), target);
    }
  }
  return { type, leaves, leads: [...leads.values()] };
};

const rangeOf = (relation: string, subject_type: string, subject_relation: string): Read => ({
  relation,
  subject_type,
  subject_relation,
  low: FIRST,
  high: LAST,
});

const readsOf = ({ leads, leaves }: Node): ReadonlyArray<Read> => [...leaves, ...leads.map(({ read }) => read)];

/** All relations of types that a relation hangs on, itself included. */
const nodesOf = (model: Model, type: string, relation: string, whom: Whom): ReadonlyMap<string, Node> => {
  const nodes = new Map<string, Node>();
  const visit = (ofType: string, ofRelation: string): void => {
    const key = `${ofType}#${ofRelation}`;
    if (nodes.has(key)) return;
    const node = nodeOf(model, ofType, ofRelation, whom);
    nodes.set(key, node);
    for (const { read, to } of node.leads) for (const target of to) visit(read.subject_type, target);
  };
  visit(type, relation);
  return nodes;
};

/** What to read for a question. */
export const of = (model: Model, type: string, relation: string, whom: Whom): Reach => {
  const nodes = nodesOf(model, type, relation, whom);
  const steps = [...nodes.values()].flatMap((node) =>
    node.leads.flatMap(({ read, to }) =>
      [...to].flatMap((target) => {
        const next = nodes.get(`${read.subject_type}#${target}`);
        return (next === undefined ? [] : readsOf(next)).map((one) => ({
          of_type: node.type,
          of_relation: read.relation,
          of_subject_type: read.subject_type,
          of_subject_relation: read.subject_relation,
          ...one,
        }));
      }),
    ),
  );
  const first = nodes.get(`${type}#${relation}`);
  return { first: distinct(first === undefined ? [] : readsOf(first)), steps: distinct(steps) };
};

/** Tuples to read of a subject: of one relation, to objects of one type; and which relation may follow from them. */
export interface BackStep {
  readonly relation: string;
  readonly object_type: string;
  readonly gives: string;
}

/** What to read, from a subject on, to find the objects to which it may have a relation. */
export interface Back {
  /** Of the subject itself, where nothing is said, or of all of its type (`*`). */
  readonly first: ReadonlyArray<BackStep & { readonly subject_id: string | null }>;
  /** Of an object to which a relation was found. */
  readonly steps: ReadonlyArray<
    BackStep & { readonly of_type: string; readonly of_relation: string; readonly subject_relation: string }
  >;
  /** Those of them that give the relation that is asked for. */
  readonly last: {
    readonly first: Back["first"];
    readonly steps: Back["steps"];
  };
  /** Whether the subject is those who have a relation that leads on by itself. */
  readonly isItself: boolean;
  /** Whether the subject has the relation to all that is found: nothing on the way is required, excepted or conditional. */
  readonly isExact: boolean;
}

/** What to read to find the objects of a type to which a subject may have a relation: more than those to which it has. */
export const back = (model: Model, type: string, relation: string, whom: Whom): Back => {
  const nodes = nodesOf(model, type, relation, whom);
  const entries = [...nodes].map(([key, node]) => ({ gives: key.slice(node.type.length + 1), node }));
  const first = distinct(
    entries.flatMap(({ gives, node }) =>
      node.leaves.map((leaf) => ({ relation: leaf.relation, object_type: node.type, gives, subject_id: leaf.low })),
    ),
  );
  const steps = distinct(
    entries.flatMap(({ gives, node }) =>
      node.leads.flatMap(({ read, to }) =>
        [...to].map((target) => ({
          of_type: read.subject_type,
          of_relation: target,
          subject_relation: read.subject_relation,
          relation: read.relation,
          object_type: node.type,
          gives,
        })),
      ),
    ),
  );
  const isLast = (step: BackStep): boolean => step.object_type === type && step.gives === relation;
  const leadsOn = steps.some((step) => step.of_type === type && step.of_relation === relation);
  const isOnTheWay = (step: BackStep): boolean => leadsOn || !isLast(step);
  return {
    first: first.filter(isOnTheWay),
    steps: steps.filter(isOnTheWay),
    last: { first: first.filter(isLast), steps: steps.filter(isLast) },
    isItself: whom.relation !== "" && nodes.has(`${whom.type}#${whom.relation}`),
    isExact: entries.every(({ gives, node }) => isPlain(model, node.type, gives)),
  };
};

/** Whether a relation is had by whoever has one that it comes from, without more. */
const isPlain = (model: Model, type: string, relation: string): boolean => {
  const relations = model.types.get(type);
  const { direct, from, names } = sourcesOf(model, type, relation);
  const tuples = [...direct, ...from.map(({ tupleset }) => tupleset)];
  return (
    names.every((name) => {
      const rewrite = relations?.get(name)?.rewrite;
      return (
        rewrite === undefined || partsOf(rewrite).every(({ _tag }) => _tag !== "Intersection" && _tag !== "Exclusion")
      );
    }) &&
    tuples.every((name) => relations?.get(name)?.restrictions.every(({ condition }) => condition === null) !== false)
  );
};

/** A list without what is in it already. */
export const distinct = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> => [
  ...new Map(list.map((one) => [JSON.stringify(one), one])).values(),
];
