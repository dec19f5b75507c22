/** Values for columns of which nothing is known but the catalogue. */
import type { Column, Relation } from "./relations.ts";

const digits = "replace(gen_random_uuid()::text, '-', '')";

/** Different ones each time, where the type has enough of them. */
const byType: Readonly<Record<string, string>> = {
  uuid: "gen_random_uuid()",
  text: digits,
  citext: digits,
  name: digits,
  int2: "1 + (random() * 32000)::int",
  int4: "1 + (random() * 1000000)::int",
  int8: "1 + (random() * 1000000000000)::bigint",
  xid8: "(1 + (random() * 1000000000000)::bigint)::text",
  pg_snapshot: "pg_current_snapshot()",
  float4: "random()",
  float8: "random()",
  numeric: "random()",
  bool: "true",
  json: "'{}'",
  jsonb: "'{}'",
  date: "current_date",
  time: "localtime",
  timestamp: "now()",
  timestamptz: "now()",
  interval: "'1 day'",
  bytea: `decode(${digits}, 'hex')`,
  inet: "'127.0.0.1'",
  cidr: "'127.0.0.0/8'",
};

/** The first of the values that a constraint of the column lists. */
const listed = ({ checks }: Relation, column: string): string | undefined =>
  checks
    .filter(({ columns }) => columns.length === 1 && columns[0] === column)
    .map(({ definition }) => /(?:ARRAY\[| = )((?:'(?:[^']|'')*'|-?\d+)(?:::[\w ]+\b)?)/.exec(definition)?.[1])
    .find((value) => value !== undefined);

/** How many bytes a constraint of the column demands. */
const bytes = ({ checks }: Relation, column: string): number | undefined =>
  checks
    .map(({ definition }) => /octet_length\("?(.+?)"?\) = (\d+)/.exec(definition))
    .flatMap((found) => (found?.[1] === column ? [Number(found[2])] : []))[0];

/** What belongs to a part of a table: the first of its values, or one that belongs to no other part. */
const within = ({ bound }: Relation, { base, name }: Column): string | undefined => {
  if (bound?.column !== name) return undefined;
  return bound.value ?? (/^(date|timestamp)/.test(base) ? "'-infinity'" : undefined);
};

/** An expression for a column's value; none where its type is not known. */
export const valueFor = (
  relation: Relation,
  column: Column,
  expressions: Readonly<Record<string, string>>,
): string | undefined => {
  const { base, label, length, name } = column;
  const size = base === "bytea" ? bytes(relation, name) : undefined;
  const given = expressions[`${relation.name}.${name}`] ?? within(relation, column);
  if (given !== undefined) return given;
  if (size !== undefined) return `decode(left(repeat(${digits}, ${size}), ${2 * size}), 'hex')`;
  const among = listed(relation, name);
  if (among !== undefined) return among;
  if (label !== null) return `'${label.replaceAll("'", "''")}'`;
  if (base.startsWith("_")) return "'{}'";
  if (base === "varchar" || base === "bpchar") return length === null ? digits : `left(${digits}, ${length})`;
  return byType[base];
};
