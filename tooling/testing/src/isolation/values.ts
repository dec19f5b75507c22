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

/** As many bytes as a constraint of the column demands. */
const ofLength = ({ checks }: Relation, { base, name }: Column): string | undefined => {
  const [size] = checks.flatMap(({ columns, definition }) => {
    const length = columns.join() === name ? /octet_length\(.*\) = (\d+)/.exec(definition)?.[1] : undefined;
    return length === undefined ? [] : [Number(length)];
  });
  return size === undefined || base !== "bytea"
    ? undefined
    : `decode(left(repeat(${digits}, ${size}), ${2 * size}), 'hex')`;
};

/** What belongs to a part of a table: the first of its values, or one that belongs to no other part. */
const within = ({ bound }: Relation, { base, name }: Column): string | undefined => {
  if (bound?.column !== name) return undefined;
  return bound.value ?? (/^(date|timestamp)/.test(base) ? "'-infinity'" : undefined);
};

/** The forms in which secrets are kept, for columns of which a constraint says that they hold nothing else. */
const forms: Readonly<Record<string, string>> = {
  "'^sealed:1:": `'sealed:1:datakey_' || repeat('0', 26) || ':' || ${digits} || ${digits}`,
  "'^digest:1:": `'digest:1:' || left(${digits} || ${digits}, 43)`,
};

const keptSecret = ({ checks }: Relation, column: string): string | undefined =>
  Object.entries(forms).find(([begins]) =>
    checks.some(({ columns, definition }) => columns.join() === column && definition.includes(begins)),
  )?.[1];

/** Values in the tables of the identity services that cannot be guessed; those of columns that may be null are stated too. */
const ours: Readonly<Record<string, string>> = {
  "iam_applications.key": `'a' || ${digits}`,
  "iam_data_keys.owner_type": "'organization'",
  "iam_data_keys.wrapped_key": digits,
  "iam_data_keys.key_version": "'1'",
  "iam_legal_holds.owner_type": "'organization'",
  // It retires and expires, or does neither.
  "iam_signing_keys.retires_at": "now()",
  "iam_signing_keys.expires_at": "now()",
};

/** What is stated of a column's value. */
export const given = (
  relation: Relation,
  { name }: Column,
  expressions: Readonly<Record<string, string>>,
): string | undefined => {
  const column = `${relation.name}.${name}`;
  return expressions[column] ?? ours[column];
};

/** An expression for a column's value; none where its type is not known. */
export const valueFor = (
  relation: Relation,
  column: Column,
  expressions: Readonly<Record<string, string>>,
): string | undefined => {
  const { base, label, length, name } = column;
  const known = given(relation, column, expressions) ?? within(relation, column) ?? ofLength(relation, column);
  if (known !== undefined) return known;
  const stated = listed(relation, name) ?? keptSecret(relation, name);
  if (stated !== undefined) return stated;
  if (label !== null) return `'${label.replaceAll("'", "''")}'`;
  if (base.startsWith("_")) return "'{}'";
  if (base === "varchar" || base === "bpchar") return length === null ? digits : `left(${digits}, ${length})`;
  return byType[base];
};
