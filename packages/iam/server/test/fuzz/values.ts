/** Values that a schema takes, and values that hardly any field means. */
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Predicate from "effect/Predicate";
import type { JsonSchema } from "./routes.ts";
import type { World } from "./world.ts";

/** Chance, from a seed. */
export interface Chance {
  /** Whether something with this probability is so. */
  readonly is: (probability: number) => boolean;
  readonly choose: <A>(from: readonly [A, ...ReadonlyArray<A>]) => A;
  /** One of a list that may be empty. */
  readonly any: <A>(from: ReadonlyArray<A>) => A | undefined;
}

/** Chance over numbers from 0 to 1. */
export const chanceOf = (next: () => number): Chance => ({
  is: (probability) => next() < probability,
  choose: (from) => from[Math.floor(next() * from.length)] ?? from[0],
  any: (from) => from[Math.floor(next() * from.length)],
});

/**
 * A value that a schema takes: one that exists, where something of the field's name does.
 *
 * @param optional how probable a field is that may be left out
 */
export const valueOf = (schema: JsonSchema, name: string, world: World, chance: Chance, optional: number): unknown => {
  const inner = (part: JsonSchema, partName = name) => valueOf(part, partName, world, chance, optional);
  const known = chance.any(world.values[name] ?? []);
  const isOpen = schema.additionalProperties !== undefined;
  if (known !== undefined && schema.properties === undefined && Predicate.isObject(known) === isOpen) return known;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return chance.any(schema.enum);
  const choice = chance.any(schema.anyOf ?? schema.oneOf ?? []);
  if (choice !== undefined) return inner(choice);
  if (schema.allOf !== undefined) return Object.assign({}, ...schema.allOf.map((part) => inner(part)));
  switch (Array.isArray(schema.type) ? chance.any(schema.type) : schema.type) {
    case "object":
      return Object.fromEntries(
        Object.entries({
          // Where any name may stand, these mean something.
          ...(Predicate.isObject(schema.additionalProperties) && schema.properties === undefined
            ? { name: { type: "string" }, image: { type: "string" } }
            : {}),
          ...schema.properties,
        }).flatMap(([key, part]) =>
          schema.required?.includes(key) || chance.is(optional) ? [[key, inner(part, key)]] : [],
        ),
      );
    case "array":
      return schema.items === undefined ? [] : [inner(schema.items)];
    case "number":
    case "integer":
      return chance.choose([1, 10, 3600, 86_400]);
    case "boolean":
      return chance.is(0.5);
    case "null":
      return null;
    default:
      return chance.choose(["word", "two words", "0"]);
  }
};

const nested = (depth: number): unknown => {
  let value: unknown = "end";
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? { a: value } : [value];
  return value;
};

/** Stands for a field that is left out. */
const MISSING = Symbol("missing");

/** What a field is changed to, by names that are printed. */
export const wrong: ReadonlyArray<readonly [string, (right: unknown) => unknown]> = Object.entries({
  missing: () => MISSING,
  null: () => null,
  true: () => true,
  number: () => 7,
  negative: () => -1,
  zero: () => 0,
  fraction: () => 0.1,
  huge: () => 1e300,
  unsafe: () => 2 ** 60,
  "no integer of the database": () => 2 ** 31,
  NaN: () => "NaN",
  Infinity: () => "Infinity",
  hexadecimal: () => "0x10",
  exponent: () => "1e400",
  empty: () => "",
  blank: () => " \t\n",
  long: () => "x".repeat(100_000),
  "long address": () => `${"x".repeat(3_000)}@example.com`,
  NUL: (right) => `${right}\0`,
  "half a pair": (right) => `${right}\ud800`,
  "other direction": () => "\u202eabc\u200f",
  emoji: () => "👩‍👩‍👧‍👦".repeat(50),
  "another entity's id": () => IamEntityIds.SessionId.create(),
  "an unknown user's id": () => SharedEntityIds.UserId.create(),
  "an unknown organization's id": () => SharedEntityIds.OrganizationId.create(),
  uuid: () => "018f3c5e-7d0a-7b4e-9b1a-111111111111",
  "malformed id": () => "user_zzzzzzzzzzzzzzzzzzzzzzzzzz",
  "id without a suffix": () => "organization_",
  SQL: (right) => `${right}'; drop table iam_users; --`,
  wildcard: () => "%_\\",
  array: (right) => [right],
  "empty array": () => [],
  "long array": (right) => Array.from({ length: 2_000 }, () => right),
  ids: () => Array.from({ length: 3 }, () => SharedEntityIds.TeamId.create()),
  object: (right) => ({ a: right }),
  "empty object": () => ({}),
  operator: () => ({ $ne: null }),
  deep: () => nested(40),
  "very deep": () => nested(3_000),
  // As JSON it is a field of its own; in a literal it would be none.
  prototype: () => JSON.parse('{"__proto__":{"admin":true}}'),
  constructor: () => ({ constructor: { prototype: {} } }),
  "inherited name": () => "constructor",
  "another inherited name": () => "toString",
  "prototype's name": () => "__proto__",
  "date too late": () => "+275760-09-13T00:00:00.001Z",
  "date that PostgreSQL has not": () => "-271821-04-20T00:00:00.000Z",
  "no date": () => "2026-02-31T25:61:00Z",
  "lines of a header": () => "a@example.com\r\nBcc: b@example.com",
  script: () => "javascript:alert(1)",
  "another's page": () => "https://evil.example/",
  "no address": () => "http://[::1",
  "relative to the protocol": () => "//evil.example",
  percent: () => "%E0%A4%A",
  comma: () => ",,owner,",
  roles: () => ["owner", "admin"],
});

/** Every field of a value, in depth, as a path. */
export const fieldsOf = (value: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  Predicate.isObject(value)
    ? Object.entries(value).flatMap(([key, part]) => [[...path, key], ...fieldsOf(part, [...path, key])])
    : [];

/** The value with what stands at a path changed. */
export const changed = (value: unknown, [key, ...rest]: ReadonlyArray<string>, to: (right: unknown) => unknown) => {
  if (key === undefined) return to(value);
  const own = Object.entries(Object(value));
  const before = own.find(([name]) => name === key)?.[1];
  const after: unknown = changed(before, rest, to);
  const others = own.filter(([name]) => name !== key);
  return Object.fromEntries(after === MISSING ? others : [...others, [key, after]]);
};
