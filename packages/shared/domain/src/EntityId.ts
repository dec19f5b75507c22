/**
 * Typed identifiers: a TypeID at every edge (`member_01h455vb4pex5vsknk084sn02q`), a native `uuid` in the
 * database. An `EntityId` is the schema of one entity's ids and the codec between the two forms, and it
 * names the table that holds the entity.
 *
 * @see https://github.com/jetify-com/typeid/tree/main/spec — the TypeID specification, version 0.3
 */
import type * as Brand from "effect/Brand";
import * as Schema from "effect/Schema";
// The functions on texts, because an object for each id of a page takes three times as long.
import { fromString, fromUUID, fromUUIDBytes, toUUIDBytes } from "typeid-js";
import { uuidv7obj } from "uuidv7";

/** The unbranded text of a TypeID with the given prefix: what a driver returns and JSON carries. */
export type Text<Prefix extends string> = `${Prefix}_${string}`;

/** A validated id of one entity. */
export type Id<Name extends string, Prefix extends string> = Text<Prefix> & Brand.Brand<Name>;

/** The schema of an entity's ids: decodes TypeID text, refusing malformed ids and ids of other entities. */
export interface EntityId<Name extends string, Prefix extends string, TableName extends string>
  extends Schema.Codec<Id<Name, Prefix>, Text<Prefix>> {
  readonly prefix: Prefix;
  /** The SQL name of the entity's table. */
  readonly tableName: TableName;
  /** A new id. Ids made by one process are in ascending order, so they are also cheap to index. */
  readonly create: () => Id<Name, Prefix>;
  /** Whether a value is a well-formed id of this entity. */
  readonly is: (value: unknown) => value is Id<Name, Prefix>;
  /** The `uuid` of an id; throws `RangeError` when the text is not an id of this entity. */
  readonly toUuid: (text: string) => string;
  /** The id of a `uuid`; throws `RangeError` when the text is no `uuid`. */
  readonly fromUuid: (uuid: string) => Id<Name, Prefix>;
}

/** The ids of whichever entity. */
export type Any = EntityId<string, string, string>;

/** The TypeID of a `uuid`, where it is known only when run of which entity it is. */
export const textOf = (prefix: string, uuid: string): string => fromUUID(uuid, prefix);

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Any 128 bits, as the specification and the database have it; `toUUID` of typeid-js throws unless a version is set. */
const formatUuid = (bytes: Uint8Array): string => {
  let hex = "";
  for (const byte of bytes) hex += byte < 16 ? `0${byte.toString(16)}` : byte.toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/**
 * Declares the ids of an entity.
 *
 * @param name the brand, for instance `MemberId`
 * @param options.prefix the TypeID prefix: lower-case letters, 63 at most; `_` is refused although the
 *   specification allows it inside, because `team_member_…` would then also be assignable to the type of `team_…`
 * @param options.table the SQL name of the table
 */
export const make = <const Name extends string, const Prefix extends string, const TableName extends string>(
  name: Name,
  options: { readonly prefix: Prefix; readonly table: TableName },
): EntityId<Name, Prefix, TableName> => {
  const { prefix, table: tableName } = options;
  if (!/^[a-z]{1,63}$/.test(prefix)) {
    throw new RangeError(`The id prefix "${prefix}" must be 1 to 63 lower-case letters.`);
  }
  const pattern = new RegExp(`^${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25}$`);
  // TypeScript cannot compute a template literal type from a generic prefix; the pattern is what makes it true.
  const schema = Schema.String.check(Schema.isPattern(pattern, { expected: `an id of the form ${prefix}_…` })).annotate(
    { identifier: name },
  ) as unknown as Schema.Codec<Id<Name, Prefix>, Text<Prefix>>;
  const is = (value: unknown): value is Id<Name, Prefix> => typeof value === "string" && pattern.test(value);
  const branded = (text: string): Id<Name, Prefix> => {
    if (!is(text)) throw new RangeError(`"${text}" is no id of the form ${prefix}_….`);
    return text;
  };
  return Object.assign(schema, {
    prefix,
    tableName,
    create: () => branded(fromUUIDBytes(prefix, uuidv7obj().bytes)),
    is,
    toUuid: (text: string) => {
      if (!is(text)) throw new RangeError(`Not an id of the form "${prefix}_…".`);
      return formatUuid(toUUIDBytes(fromString(text, prefix)));
    },
    fromUuid: (uuid: string) => {
      if (!uuidPattern.test(uuid)) throw new RangeError("Not a uuid.");
      return branded(fromUUID(uuid, prefix));
    },
  });
};
