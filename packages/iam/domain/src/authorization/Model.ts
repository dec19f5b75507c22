/**
 * Authorization models, in OpenFGA's modelling language: which types there are, which relations their objects have, and how
 * one relation follows from others. A model that is made here holds together.
 *
 * @see https://openfga.dev/docs/configuration-language
 */
import { transformer } from "@openfga/syntax-transformer";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { type ModelFault, ModelInvalid } from "./AuthorizationErrors.ts";
import * as Condition from "./Condition.ts";

/** How a relation comes about. */
export type Rewrite =
  /** By tuples. */
  | { readonly _tag: "Direct" }
  /** Whoever has another relation to the same object. */
  | { readonly _tag: "Computed"; readonly relation: string }
  /** Whoever has a relation to an object that a tuple of this one names (`viewer from parent`). */
  | { readonly _tag: "From"; readonly relation: string; readonly tupleset: string }
  | { readonly _tag: "Union"; readonly of: ReadonlyArray<Rewrite> }
  | { readonly _tag: "Intersection"; readonly of: ReadonlyArray<Rewrite> }
  | { readonly _tag: "Exclusion"; readonly base: Rewrite; readonly except: Rewrite };

/** What subjects tuples of a relation may have. */
export interface Restriction {
  readonly type: string;
  /** Those who have this relation to an object of the type; empty where it is the objects themselves. */
  readonly relation: string;
  /** All objects of the type as one subject (`user:*`). */
  readonly wildcard: boolean;
  /** The condition that the tuple must have; none where it may have none. */
  readonly condition: string | null;
}

/** A relation of a type. */
export interface Relation {
  readonly rewrite: Rewrite;
  readonly restrictions: ReadonlyArray<Restriction>;
}

/** A model. */
export interface Model {
  /** What it was made from. */
  readonly source: string;
  readonly types: ReadonlyMap<string, ReadonlyMap<string, Relation>>;
  readonly conditions: ReadonlyMap<string, Condition.Condition>;
}

const Name = Schema.Struct({ relation: Schema.String });

interface RewriteJson {
  readonly this?: unknown;
  readonly computedUserset?: typeof Name.Type;
  readonly tupleToUserset?: { readonly tupleset: typeof Name.Type; readonly computedUserset: typeof Name.Type };
  readonly union?: { readonly child: ReadonlyArray<RewriteJson> };
  readonly intersection?: { readonly child: ReadonlyArray<RewriteJson> };
  readonly difference?: { readonly base: RewriteJson; readonly subtract: RewriteJson };
}

const Children = Schema.Struct({
  child: Schema.Array(Schema.suspend((): Schema.Codec<RewriteJson> => RewriteJson)),
});
const RewriteJson: Schema.Codec<RewriteJson> = Schema.Struct({
  this: Schema.optionalKey(Schema.Unknown),
  computedUserset: Schema.optionalKey(Name),
  tupleToUserset: Schema.optionalKey(Schema.Struct({ tupleset: Name, computedUserset: Name })),
  union: Schema.optionalKey(Children),
  intersection: Schema.optionalKey(Children),
  difference: Schema.optionalKey(
    Schema.Struct({
      base: Schema.suspend((): Schema.Codec<RewriteJson> => RewriteJson),
      subtract: Schema.suspend((): Schema.Codec<RewriteJson> => RewriteJson),
    }),
  ),
});

const Parameter = Schema.Struct({
  type_name: Schema.String,
  generic_types: Schema.optionalKey(Schema.Array(Schema.Struct({ type_name: Schema.String }))),
});

/** What the parser gives: OpenFGA's JSON. */
const ModelJson = Schema.Struct({
  type_definitions: Schema.Array(
    Schema.Struct({
      type: Schema.String,
      relations: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, RewriteJson))),
      metadata: Schema.optionalKey(
        Schema.NullOr(
          Schema.Struct({
            relations: Schema.optionalKey(
              Schema.Record(
                Schema.String,
                Schema.Struct({
                  directly_related_user_types: Schema.optionalKey(
                    Schema.Array(
                      Schema.Struct({
                        type: Schema.String,
                        relation: Schema.optionalKey(Schema.String),
                        wildcard: Schema.optionalKey(Schema.Unknown),
                        condition: Schema.optionalKey(Schema.String),
                      }),
                    ),
                  ),
                }),
              ),
            ),
          }),
        ),
      ),
    }),
  ),
  conditions: Schema.optionalKey(
    Schema.Record(
      Schema.String,
      Schema.Struct({ expression: Schema.String, parameters: Schema.Record(Schema.String, Parameter) }),
    ),
  ),
});
const decode = Schema.decodeUnknownResult(ModelJson);

const rewriteOf = (json: RewriteJson): Rewrite => {
  if (json.computedUserset !== undefined) return { _tag: "Computed", relation: json.computedUserset.relation };
  if (json.tupleToUserset !== undefined) {
    const { computedUserset, tupleset } = json.tupleToUserset;
    return { _tag: "From", relation: computedUserset.relation, tupleset: tupleset.relation };
  }
  if (json.union !== undefined) return { _tag: "Union", of: json.union.child.map(rewriteOf) };
  if (json.intersection !== undefined) return { _tag: "Intersection", of: json.intersection.child.map(rewriteOf) };
  if (json.difference !== undefined) {
    return { _tag: "Exclusion", base: rewriteOf(json.difference.base), except: rewriteOf(json.difference.subtract) };
  }
  return { _tag: "Direct" };
};

const parameterOf = ({ generic_types, type_name }: typeof Parameter.Type): Condition.ParameterType => {
  const name = type_name.replace(/^TYPE_NAME_/, "").toLowerCase();
  const of = generic_types?.[0];
  return {
    // The parser knows these and no others.
    name: Condition.typeNames.find((known) => known === name) ?? "any",
    of: of === undefined ? null : parameterOf(of),
  };
};

/** The syntax errors of the parser, whose lines count from zero. */
const syntaxFaults = (error: unknown): ReadonlyArray<ModelFault> => {
  const errors: ReadonlyArray<unknown> =
    typeof error === "object" && error !== null && "errors" in error && Array.isArray(error.errors)
      ? error.errors
      : [error];
  return errors.map((one) => ({ line: lineOf(one), says: sentence(one instanceof Error ? one.message : String(one)) }));
};

const lineOf = (error: unknown): number | null =>
  typeof error === "object" &&
  error !== null &&
  "line" in error &&
  typeof error.line === "object" &&
  error.line !== null &&
  "start" in error.line &&
  typeof error.line.start === "number"
    ? error.line.start + 1
    : null;

const sentence = (text: string): string => `${text.trim().replace(/\.$/, "")}.`;

/** Where a relation, a type or a condition is defined in a text. */
const placeOf = (source: string, type: string, relation?: string): number | null => {
  let within = "";
  for (const [at, line] of source.split("\n").entries()) {
    const [, kind, name = ""] = /^\s*(type|condition|define)\s+([^\s:({]+)/.exec(line) ?? [];
    if (kind === "type" || kind === "condition") within = name;
    if (within !== type) continue;
    if (relation === undefined ? kind === "type" || kind === "condition" : kind === "define" && name === relation) {
      return at + 1;
    }
  }
  return null;
};

/** The parts of a rewrite of which it is composed, itself included. */
export const partsOf = (rewrite: Rewrite): ReadonlyArray<Rewrite> => {
  switch (rewrite._tag) {
    case "Union":
    case "Intersection":
      return [rewrite, ...rewrite.of.flatMap(partsOf)];
    case "Exclusion":
      return [rewrite, ...partsOf(rewrite.base), ...partsOf(rewrite.except)];
    default:
      return [rewrite];
  }
};

type Types = Model["types"];

/** What is wrong with a relation by itself. */
const faultsOf = (types: Types, conditions: ReadonlySet<string>, type: string, relation: Relation): Array<string> => {
  const relations = types.get(type);
  const faults: Array<string> = [];
  for (const restriction of relation.restrictions) {
    const others = types.get(restriction.type);
    if (others === undefined) faults.push(`There is no type ${restriction.type}.`);
    else if (restriction.relation !== "" && !others.has(restriction.relation)) {
      faults.push(`The type ${restriction.type} has no relation ${restriction.relation}.`);
    }
    if (restriction.condition !== null && !conditions.has(restriction.condition)) {
      faults.push(`There is no condition ${restriction.condition}.`);
    }
  }
  for (const part of partsOf(relation.rewrite)) {
    switch (part._tag) {
      case "Direct":
        if (relation.restrictions.length === 0) faults.push("It does not say who may have it.");
        break;
      case "Computed":
        if (relations?.has(part.relation) !== true) faults.push(`The type ${type} has no relation ${part.relation}.`);
        break;
      case "From": {
        const tupleset = relations?.get(part.tupleset);
        if (tupleset === undefined) {
          faults.push(`The type ${type} has no relation ${part.tupleset}.`);
        } else if (
          tupleset.rewrite._tag !== "Direct" ||
          tupleset.restrictions.some(({ relation, wildcard }) => relation !== "" || wildcard)
        ) {
          faults.push(`What stands behind "from" names objects by tuples alone, and ${part.tupleset} does not.`);
        } else if (!tupleset.restrictions.some((restriction) => types.get(restriction.type)?.has(part.relation))) {
          faults.push(`No type that ${part.tupleset} may name has a relation ${part.relation}.`);
        }
        break;
      }
      default:
    }
  }
  return faults;
};

/** The relations, as `type#relation`, that somebody can have at all: a cycle without a beginning gives none. */
const begun = (types: Types): ReadonlySet<string> => {
  const found = new Set<string>();
  const has = (type: string, relation: string) => found.has(`${type}#${relation}`);
  const begins = (type: string, { restrictions }: Relation, rewrite: Rewrite): boolean => {
    switch (rewrite._tag) {
      case "Direct":
        return restrictions.some((one) => one.relation === "" || has(one.type, one.relation));
      case "Computed":
        return has(type, rewrite.relation);
      case "From":
        return (types.get(type)?.get(rewrite.tupleset)?.restrictions ?? []).some((one) =>
          has(one.type, rewrite.relation),
        );
      case "Union":
        return rewrite.of.some((part) => begins(type, { restrictions, rewrite }, part));
      case "Intersection":
        return rewrite.of.every((part) => begins(type, { restrictions, rewrite }, part));
      case "Exclusion":
        return begins(type, { restrictions, rewrite }, rewrite.base);
    }
  };
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const [type, relations] of types) {
      for (const [name, relation] of relations) {
        if (begins(type, relation, relation.rewrite)) found.add(`${type}#${name}`);
      }
    }
  }
  return found;
};

/**
 * Makes a model of its text, in OpenFGA's language of schema 1.1, and validates it: types, relations and conditions that it
 * names are there, what stands behind `from` names objects, each relation can be had by somebody, and conditions have the
 * right types.
 */
export const parse = (source: string): Result.Result<Model, ModelInvalid> => {
  const parsed = Result.flatMap(
    Result.try({ try: (): unknown => transformer.transformDSLToJSONObject(source), catch: syntaxFaults }),
    (json) => Result.mapError(decode(json), ({ message }) => [{ line: null, says: sentence(message) }]),
  );
  if (Result.isFailure(parsed)) return Result.fail(new ModelInvalid({ faults: parsed.failure }));
  const json = parsed.success;
  const faults: Array<ModelFault> = [];

  const types = new Map<string, Map<string, Relation>>();
  for (const { metadata, relations, type } of json.type_definitions) {
    if (types.has(type)) faults.push({ line: placeOf(source, type), says: `The type ${type} is there twice.` });
    const made = new Map<string, Relation>();
    for (const [name, rewrite] of Object.entries(relations ?? {})) {
      const restrictions = metadata?.relations?.[name]?.directly_related_user_types ?? [];
      made.set(name, {
        rewrite: rewriteOf(rewrite),
        restrictions: restrictions.map((one) => ({
          type: one.type,
          relation: one.relation ?? "",
          wildcard: one.wildcard !== undefined,
          condition: one.condition ?? null,
        })),
      });
    }
    types.set(type, made);
  }

  const conditions = new Map<string, Condition.Condition>();
  for (const [name, { expression, parameters }] of Object.entries(json.conditions ?? {})) {
    const compiled = Condition.compile({
      name,
      expression,
      parameters: Object.fromEntries(
        Object.entries(parameters).map(([parameter, type]) => [parameter, parameterOf(type)]),
      ),
    });
    if (Result.isSuccess(compiled)) conditions.set(name, compiled.success);
    else faults.push({ line: placeOf(source, name), says: sentence(`The condition ${name}: ${compiled.failure}`) });
  }

  const named = new Set(Object.keys(json.conditions ?? {}));
  const possible = begun(types);
  for (const [type, relations] of types) {
    for (const [name, relation] of relations) {
      const own = faultsOf(types, named, type, relation);
      if (own.length === 0 && !possible.has(`${type}#${name}`)) own.push("Nobody can ever have it.");
      for (const says of own) {
        faults.push({ line: placeOf(source, type, name), says: `${type}#${name}: ${says}` });
      }
    }
  }
  return faults.length > 0 ? Result.fail(new ModelInvalid({ faults })) : Result.succeed({ source, types, conditions });
};

/** The text of a model that comes as OpenFGA's JSON. */
export const textOfJson = (json: unknown): Result.Result<string, ModelInvalid> =>
  Result.mapError(
    Result.try({
      try: () => transformer.transformJSONStringToDSL(JSON.stringify(json)),
      catch: syntaxFaults,
    }),
    (faults) => new ModelInvalid({ faults }),
  );
