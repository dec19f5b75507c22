/**
 * Fields of an entity: one declaration gives a field's schema in every variant of the model, so that the model says
 * what its table says. How a value gets into the row decides the kind:
 *
 * - `required`: stated on insert, may be changed;
 * - `defaulted`: the database or the application has a default, so that it may be left out;
 * - `nullable`: may be absent, as `null`.
 *
 * Those three may be read and written by API clients. `readOnly` keeps a field out of what clients send, `sensitive`
 * keeps it out of every JSON form.
 */
import * as DateTime from "effect/DateTime";
import * as Schema from "effect/Schema";
import * as Model from "effect/schema/Model";
import type * as VariantSchema from "effect/schema/VariantSchema";
import * as Digest from "./Digest.ts";
import * as Envelope from "./Envelope.ts";

type Field<
  Select extends Schema.Top,
  Insert extends Schema.Top,
  Json extends Schema.Top,
  Create extends Schema.Top,
> = VariantSchema.Field<{
  readonly select: Select;
  readonly insert: Insert;
  readonly update: Schema.optional<Select>;
  readonly json: Json;
  readonly jsonCreate: Create;
  readonly jsonUpdate: Schema.optional<Json>;
}>;

/**
 * A field that must be stated on insert.
 *
 * @param schema its form in the database
 * @param json its form in JSON, where that is another one
 */
export const required: {
  <S extends Schema.Top>(schema: S): Field<S, S, S, S>;
  <S extends Schema.Top, J extends Schema.Top>(schema: S, json: J): Field<S, S, J, J>;
} = (schema: Schema.Top, json: Schema.Top = schema) =>
  Model.Field({
    select: schema,
    insert: schema,
    update: Schema.optional(schema),
    json,
    jsonCreate: json,
    jsonUpdate: Schema.optional(json),
  });

/** A field that may be left out on insert, because the database or the application has a default for it. */
export const defaulted: {
  <S extends Schema.Top>(schema: S): Field<S, Schema.optional<S>, S, Schema.optional<S>>;
  <S extends Schema.Top, J extends Schema.Top>(schema: S, json: J): Field<S, Schema.optional<S>, J, Schema.optional<J>>;
} = (schema: Schema.Top, json: Schema.Top = schema) =>
  Model.Field({
    select: schema,
    insert: Schema.optional(schema),
    update: Schema.optional(schema),
    json,
    jsonCreate: Schema.optional(json),
    jsonUpdate: Schema.optional(json),
  });

/** A field that may be `null`, and is when it is left out. */
export const nullable: {
  <S extends Schema.Top>(
    schema: S,
  ): Field<Schema.NullOr<S>, Schema.optional<Schema.NullOr<S>>, Schema.NullOr<S>, Schema.optional<Schema.NullOr<S>>>;
  <S extends Schema.Top, J extends Schema.Top>(
    schema: S,
    json: J,
  ): Field<Schema.NullOr<S>, Schema.optional<Schema.NullOr<S>>, Schema.NullOr<J>, Schema.optional<Schema.NullOr<J>>>;
} = (schema: Schema.Top, json: Schema.Top = schema) => defaulted(Schema.NullOr(schema), Schema.NullOr(json));

type Schemas<F> = F extends VariantSchema.Field<infer Config> ? Config : never;

/** Keeps a field out of what API clients send: it is for the services to write. */
export const readOnly = <Config extends Schemas<Field<Schema.Top, Schema.Top, Schema.Top, Schema.Top>>>(
  field: VariantSchema.Field<Config>,
): VariantSchema.Field<Pick<Config, "select" | "insert" | "update" | "json">> => {
  const { select, insert, update, json } = field.schemas;
  return Model.Field({ select, insert, update, json });
};

/** Keeps a field out of every JSON form: a secret, or what only the services need. */
export const sensitive = <Config extends Schemas<Field<Schema.Top, Schema.Top, Schema.Top, Schema.Top>>>(
  field: VariantSchema.Field<Config>,
): VariantSchema.Field<Pick<Config, "select" | "insert" | "update">> => {
  const { select, insert, update } = field.schemas;
  return Model.Field({ select, insert, update });
};

/** Years of four digits: others are written with a sign, and in the database with an era, and are not understood alike. */
const isWritableTime = Schema.makeIsBetween({ order: DateTime.Order })({
  minimum: DateTime.makeUnsafe("0001-01-01T00:00:00.000Z"),
  maximum: DateTime.makeUnsafe("9999-12-31T23:59:59.999Z"),
});

/** A point in time: a `timestamptz` in the database, an ISO 8601 text in JSON, a `DateTime.Utc` here. */
export const timestamp = [
  Schema.DateTimeUtcFromDate.check(isWritableTime),
  Schema.DateTimeUtcFromString.check(isWritableTime),
] as const;

/** Text that a `text` column can hold and give back: no U+0000, and no half of a surrogate pair. */
export const text = Schema.String.check(
  Schema.makeFilter((value) => !value.includes("\0") && value.isWellFormed(), {
    expected: "text without U+0000 and without half a surrogate pair",
  }),
);

/** What a column holds whose secret is read back: an envelope. */
export const envelope = Schema.String.check(
  Schema.isPattern(new RegExp(Envelope.pattern), { expected: "an envelope of a sealed value" }),
);

/** What a column holds whose secret is only looked up: a digest. */
export const digest = Schema.String.check(
  Schema.isPattern(new RegExp(Digest.pattern), { expected: "the digest of a secret" }),
);

/** A whole number that an `integer` column can hold. */
export const integer = Schema.Int.check(Schema.isInt32());

/** A list of texts, as a `text[]` column holds it. */
export const texts = Schema.mutable(Schema.Array(text));

/** What a `jsonb` column holds. */
export type Json = Schema.Json;

/** Any JSON value that a `jsonb` column can hold and give back: its texts and names are such as `text` takes. */
export const json = Schema.Json.check(
  Schema.makeFilter(
    (value) => {
      const written = JSON.stringify(value);
      return !written.includes("\\u0000") && !/\\ud[89a-f][0-9a-f]{2}/.test(written);
    },
    { expected: "JSON without U+0000 and without half a surrogate pair" },
  ),
);
