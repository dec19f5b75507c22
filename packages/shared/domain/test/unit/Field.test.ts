import { describe, expect, it } from "@effect/vitest";
import * as DateTime from "effect/DateTime";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as Model from "effect/schema/Model";
import { EntityId, Field, Row } from "../../src/index.ts";

const NoteId = EntityId.make("NoteId", { prefix: "note", table: "notes" });

class Note extends Model.Class<Note>("Note")({
  ...Row.organizationEntity(NoteId),
  title: Field.required(Schema.String),
  pinned: Field.defaulted(Schema.Boolean),
  text: Field.nullable(Schema.String),
  dueAt: Field.nullable(...Field.timestamp),
  startsAt: Field.required(...Field.timestamp),
  seenAt: Field.defaulted(...Field.timestamp),
  author: Field.readOnly(Field.required(Schema.String)),
  readers: Field.readOnly(Field.defaulted(Schema.Int)),
  reviewer: Field.readOnly(Field.nullable(Schema.String)),
  pin: Field.sensitive(Field.required(Schema.String)),
  tries: Field.sensitive(Field.defaulted(Schema.Int)),
  hint: Field.sensitive(Field.nullable(Schema.String)),
}) {}

const variants = {
  select: Note.select,
  insert: Note.insert,
  update: Note.update,
  json: Note.json,
  jsonCreate: Note.jsonCreate,
  jsonUpdate: Note.jsonUpdate,
};

/** The variants that have a field; with `?` where it may be left out, with `null` where it may be that. */
const shape = (field: string): ReadonlyArray<string> =>
  Object.entries(variants).flatMap(([variant, { fields }]) => {
    const schema = Object.entries<Schema.Top>(fields).find(([name]) => name === field)?.[1];
    if (schema === undefined) return [];
    // Whatever the field's schema is, decoding needs no service here.
    const decodable = schema as Schema.Codec<unknown>;
    const optional = Result.isSuccess(Schema.decodeUnknownResult(Schema.Struct({ field: decodable }))({}));
    const nullable = Result.isSuccess(Schema.decodeUnknownResult(decodable)(null));
    return [`${variant}${optional ? "?" : ""}${nullable ? " null" : ""}`];
  });

describe("a field", () => {
  it.each([
    { kind: "required", field: "title", has: ["select", "insert", "update?", "json", "jsonCreate", "jsonUpdate?"] },
    { kind: "defaulted", field: "pinned", has: ["select", "insert?", "update?", "json", "jsonCreate?", "jsonUpdate?"] },
    {
      kind: "nullable",
      field: "text",
      has: ["select null", "insert? null", "update? null", "json null", "jsonCreate? null", "jsonUpdate? null"],
    },
    { kind: "read-only required", field: "author", has: ["select", "insert", "update?", "json"] },
    { kind: "read-only defaulted", field: "readers", has: ["select", "insert?", "update?", "json"] },
    {
      kind: "read-only nullable",
      field: "reviewer",
      has: ["select null", "insert? null", "update? null", "json null"],
    },
    { kind: "sensitive required", field: "pin", has: ["select", "insert", "update?"] },
    { kind: "sensitive defaulted", field: "tries", has: ["select", "insert?", "update?"] },
    { kind: "sensitive nullable", field: "hint", has: ["select null", "insert? null", "update? null"] },
  ])("ALN-4: that is $kind is in its variants only", ({ field, has }) => {
    expect(shape(field)).toEqual(has);
  });

  it.each([
    { field: "startsAt", has: ["select", "insert", "update?", "json", "jsonCreate", "jsonUpdate?"] },
    { field: "seenAt", has: ["select", "insert?", "update?", "json", "jsonCreate?", "jsonUpdate?"] },
    {
      field: "dueAt",
      has: ["select null", "insert? null", "update? null", "json null", "jsonCreate? null", "jsonUpdate? null"],
    },
  ])("ALN-4: with another form in JSON has the same variants ($field)", ({ field, has }) => {
    expect(shape(field)).toEqual(has);
  });

  it("ALN-4: that is a timestamp is a Date in the database, a text in JSON, and the same here", () => {
    const at = DateTime.makeUnsafe("2026-11-21T20:15:00.123Z");
    for (const variant of [Note.select, Note.insert] as const) {
      const { startsAt } = variant.fields;
      expect(Schema.encodeSync(startsAt)(at)).toEqual(new Date("2026-11-21T20:15:00.123Z"));
      expect(Schema.decodeSync(startsAt)(new Date("2026-11-21T20:15:00.123Z"))).toEqual(at);
    }
    for (const variant of [Note.json, Note.jsonCreate] as const) {
      const { startsAt } = variant.fields;
      expect(Schema.encodeSync(startsAt)(at)).toBe("2026-11-21T20:15:00.123Z");
      expect(Schema.decodeSync(startsAt)("2026-11-21T20:15:00.123Z")).toEqual(at);
    }
    const refused = Schema.decodeUnknownResult(Note.json.fields.startsAt)("yesterday");
    expect(Result.isFailure(refused)).toBe(true);
    expect(Result.isFailure(Schema.decodeUnknownResult(Note.select.fields.startsAt)(new Date(Number.NaN)))).toBe(true);
  });
});

describe("a row", () => {
  it.each([
    { field: "id", has: ["select", "insert?", "json"] },
    { field: "organizationId", has: ["select", "insert?", "json"] },
    { field: "createdAt", has: ["select", "insert?", "json"] },
    { field: "updatedAt", has: ["select", "json"] },
    { field: "version", has: ["select", "update?", "json", "jsonUpdate?"] },
  ])("ALN-4: has $field, which clients do not set", ({ field, has }) => {
    expect(shape(field)).toEqual(has);
  });

  it("ALN-4: states the version that an update has read as what its column can hold", () => {
    const decode = Schema.decodeUnknownResult(Note.jsonUpdate);
    expect(Result.isSuccess(decode({ version: 1 }))).toBe(true);
    expect(Result.isSuccess(decode({ version: 2 ** 31 - 1 }))).toBe(true);
    for (const version of [2 ** 31, -(2 ** 31) - 1, 1.5, "1", null]) {
      expect({ version, refused: Result.isFailure(decode({ version })) }).toEqual({ version, refused: true });
    }
  });

  it("ALN-4: of another organization's kind is refused", () => {
    const decode = Schema.decodeUnknownResult(Note.insert.fields.organizationId);
    expect(Result.isFailure(decode(NoteId.create()))).toBe(true);
  });

  it("ALN-4: drops what a client sends beyond the fields that clients set", () => {
    const sent = {
      id: NoteId.create(),
      organizationId: "organization_01h455vb4pex5vsknk084sn02q",
      createdAt: "2026-11-21T20:15:00Z",
      updatedAt: "2026-11-21T20:15:00Z",
      author: "me",
      readers: 7,
      pin: "1234",
      title: "Mine",
      startsAt: "2026-11-21T20:15:00Z",
    };
    expect(Object.keys(Schema.decodeUnknownSync(Note.jsonCreate)(sent)).sort()).toEqual(["startsAt", "title"]);
    expect(Object.keys(Schema.decodeUnknownSync(Note.jsonUpdate)(sent)).sort()).toEqual(["startsAt", "title"]);
  });
});
