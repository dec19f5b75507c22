import { describe, expect, it } from "@effect/vitest";
import * as Arbitrary from "effect/Arbitrary";
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { EntityId, IamEntityIds, SharedEntityIds } from "../../src/index.ts";

/**
 * The cases of the TypeID specification, version 0.3 (github.com/jetify-com/typeid, `spec/valid.yml`, `spec/invalid.yml`).
 *
 * The kit takes two things less than the specification: an empty prefix, and `_` within a prefix. The cases that have
 * one assert the refusal; their suffixes are then taken under the prefix `prefix`.
 */
const valid = [
  { name: "nil", prefix: "", suffix: "00000000000000000000000000", uuid: "00000000-0000-0000-0000-000000000000" },
  { name: "one", prefix: "", suffix: "00000000000000000000000001", uuid: "00000000-0000-0000-0000-000000000001" },
  { name: "ten", prefix: "", suffix: "0000000000000000000000000a", uuid: "00000000-0000-0000-0000-00000000000a" },
  { name: "sixteen", prefix: "", suffix: "0000000000000000000000000g", uuid: "00000000-0000-0000-0000-000000000010" },
  {
    name: "thirty-two",
    prefix: "",
    suffix: "00000000000000000000000010",
    uuid: "00000000-0000-0000-0000-000000000020",
  },
  { name: "max-valid", prefix: "", suffix: "7zzzzzzzzzzzzzzzzzzzzzzzzz", uuid: "ffffffff-ffff-ffff-ffff-ffffffffffff" },
  {
    name: "valid-alphabet",
    prefix: "prefix",
    suffix: "0123456789abcdefghjkmnpqrs",
    uuid: "0110c853-1d09-52d8-d73e-1194e95b5f19",
  },
  {
    name: "valid-uuidv7",
    prefix: "prefix",
    suffix: "01h455vb4pex5vsknk084sn02q",
    uuid: "01890a5d-ac96-774b-bcce-b302099a8057",
  },
  {
    name: "prefix-underscore",
    prefix: "pre_fix",
    suffix: "00000000000000000000000000",
    uuid: "00000000-0000-0000-0000-000000000000",
  },
] as const;

const sixtyFour = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl";

/** What is wrong with each is its prefix: no ids with such a prefix can be declared. */
const invalidPrefix = [
  { name: "prefix-uppercase", prefix: "PREFIX", text: "PREFIX_00000000000000000000000000" },
  { name: "prefix-numeric", prefix: "12345", text: "12345_00000000000000000000000000" },
  { name: "prefix-period", prefix: "pre.fix", text: "pre.fix_00000000000000000000000000" },
  { name: "prefix-non-ascii", prefix: "préfix", text: "préfix_00000000000000000000000000" },
  { name: "prefix-spaces", prefix: "  prefix", text: "  prefix_00000000000000000000000000" },
  { name: "prefix-64-chars", prefix: sixtyFour, text: `${sixtyFour}_00000000000000000000000000` },
  { name: "separator-empty-prefix", prefix: "", text: "_00000000000000000000000000" },
  { name: "separator-empty", prefix: "", text: "_" },
  { name: "prefix-underscore-start", prefix: "_prefix", text: "_prefix_00000000000000000000000000" },
  { name: "prefix-underscore-end", prefix: "prefix_", text: "prefix__00000000000000000000000000" },
] as const;

/** What is wrong with each is its suffix: ids with the prefix `prefix` can be declared, and refuse it. */
const invalidSuffix = [
  { name: "suffix-short", text: "prefix_1234567890123456789012345" },
  { name: "suffix-long", text: "prefix_123456789012345678901234567" },
  { name: "suffix-spaces", text: "prefix_1234567890123456789012345 " },
  { name: "suffix-uppercase", text: "prefix_0123456789ABCDEFGHJKMNPQRS" },
  { name: "suffix-hyphens", text: "prefix_123456789-123456789-123456" },
  { name: "suffix-wrong-alphabet", text: "prefix_ooooooiiiiiiuuuuuuulllllll" },
  { name: "suffix-ambiguous-crockford", text: "prefix_i23456789ol23456789oi23456" },
  { name: "suffix-hyphens-crockford", text: "prefix_123456789-0123456789-0123456" },
  { name: "suffix-overflow", text: "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz" },
] as const;

const PrefixId = EntityId.make("PrefixId", { prefix: "prefix", table: "prefixes" });
const { MemberId } = IamEntityIds;
const { TeamId, UserId } = SharedEntityIds;

const everyId: ReadonlyArray<readonly [string, EntityId.Any]> = [
  ...Object.entries(SharedEntityIds),
  ...Object.entries(IamEntityIds),
];

const decode = <Name extends string, Prefix extends string, TableName extends string>(
  Id: EntityId.EntityId<Name, Prefix, TableName>,
) => Schema.decodeUnknownResult(Id);

/** Every way in refuses it. */
const expectRefused = (Id: EntityId.Any, value: unknown) => {
  expect(Result.isFailure(decode(Id)(value))).toBe(true);
  expect(Id.is(value)).toBe(false);
  if (typeof value === "string") expect(() => Id.toUuid(value)).toThrow(RangeError);
};

const hex = (digits: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9a-f]{${digits}}$`)));

/** Any 128 bits in the form of a uuid, whatever its version. */
const anyUuid = Arbitrary.map(
  Arbitrary.all([hex(8), hex(4), hex(4), hex(4), hex(12)].map((part) => Arbitrary.schema(part))),
  (parts) => parts.join("-"),
);

describe("the TypeID specification", () => {
  it.each(valid)("ALN-4: valid $name", ({ prefix, suffix, uuid }) => {
    const declare = () => EntityId.make("SpecId", { prefix, table: "spec" });
    if (prefix !== "prefix") expect(declare).toThrow(RangeError);
    const Id = prefix === "prefix" ? declare() : PrefixId;
    const text = `prefix_${suffix}`;
    expect(Schema.decodeUnknownSync(Id)(text)).toBe(text);
    expect(Id.is(text)).toBe(true);
    expect(Id.toUuid(text)).toBe(uuid);
    expect(Id.fromUuid(uuid)).toBe(text);
  });

  it.each(invalidPrefix)("ALN-4: invalid $name", ({ prefix, text }) => {
    expect(() => EntityId.make("SpecId", { prefix, table: "spec" })).toThrow(RangeError);
    expectRefused(PrefixId, text);
  });

  it.each(invalidSuffix)("ALN-4: invalid $name", ({ text }) => {
    expectRefused(PrefixId, text);
  });

  it("ALN-4: has 63 letters at most in a prefix", () => {
    const Id = EntityId.make("LongId", { prefix: sixtyFour.slice(1), table: "longs" });
    expect(Id.toUuid(Id.create())).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("an id", () => {
  it.prop("ALN-4: uuid to id to uuid is the same", [anyUuid], ([uuid]) => {
    const text = MemberId.fromUuid(uuid);
    expect(decode(MemberId)(text)).toEqual(Result.succeed(text));
    expect(MemberId.toUuid(text)).toBe(uuid);
  });

  it.prop("ALN-4: id to uuid to id is the same", [MemberId], ([text]) => {
    const uuid = MemberId.toUuid(text);
    expect(uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(MemberId.fromUuid(uuid)).toBe(text);
  });

  it.prop("ALN-4: ids and their uuids are in the same order", [anyUuid, anyUuid], ([a, b]) => {
    expect(UserId.fromUuid(a) < UserId.fromUuid(b)).toBe(a < b);
  });

  it.prop("ALN-4: of another entity, in another case, or of another length is refused", [MemberId], ([text]) => {
    const suffix = text.slice("member_".length);
    for (const other of [
      `user_${suffix}`,
      `teammember_${suffix}`,
      `member${suffix}`,
      `member__${suffix}`,
      `Member_${suffix}`,
      `member-${suffix}`,
      suffix,
      `_${suffix}`,
      text.slice(0, -1),
      `${text}0`,
      ` ${text}`,
      `${text} `,
      `${text}\n`,
      MemberId.toUuid(text),
    ]) {
      expectRefused(MemberId, other);
    }
    if (/[a-z]/.test(suffix)) expectRefused(MemberId, `member_${suffix.toUpperCase()}`);
  });

  it.prop("ALN-4: with more than 128 bits is refused", [MemberId], ([text]) => {
    const rest = text.slice("member_0".length);
    for (const first of "89abcdefghjkmnpqrstvwxyz") expectRefused(MemberId, `member_${first}${rest}`);
  });

  it("ALN-4: that is no text is refused", () => {
    const text = MemberId.create();
    const others: ReadonlyArray<unknown> = [
      undefined,
      null,
      0,
      1n,
      true,
      Symbol.iterator,
      {},
      [text],
      new String(text),
      { toString: () => text },
    ];
    for (const value of others) expectRefused(MemberId, value);
  });

  it("ALN-4: is refused with words that name the form, and never the value", () => {
    const refused = decode(MemberId)("member_secret");
    const message = Result.isFailure(refused) ? String(refused.failure) : "";
    expect(message).toContain("member_…");
    expect(() => MemberId.toUuid("member_secret")).toThrow(/^(?!.*secret).*member_…/);
  });

  it.each([
    "",
    "0",
    "x",
    "01890a5d-ac96-774b-bcce-b302099a805",
    "01890a5d-ac96-774b-bcce-b302099a8057 ",
    "01890a5dac96774bbcceb302099a8057",
    "01890a5g-ac96-774b-bcce-b302099a8057",
    "{01890a5d-ac96-774b-bcce-b302099a8057}",
    "member_01h455vb4pex5vsknk084sn02q",
  ])("ALN-4: is not made of %j, which is no uuid", (text) => {
    expect(() => MemberId.fromUuid(text)).toThrow(RangeError);
  });

  it("ALN-4: is made of a uuid in either case", () => {
    expect(MemberId.fromUuid("01890A5D-AC96-774B-BCCE-B302099A8057")).toBe("member_01h455vb4pex5vsknk084sn02q");
  });

  it("ALN-4: is new, a UUIDv7, and greater than every one before, whatever the entity", () => {
    const before = Date.now();
    const uuids = Array.from({ length: 10_000 }, (_, i) =>
      i % 2 === 0 ? MemberId.toUuid(MemberId.create()) : UserId.toUuid(UserId.create()),
    );
    const after = Date.now();
    for (const [i, uuid] of uuids.entries()) {
      if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid)) {
        expect.fail(`${uuid} is no UUIDv7`);
      }
      const previous = uuids[i - 1];
      if (previous !== undefined && previous >= uuid) expect.fail(`${previous} comes before ${uuid}`);
    }
    const millisecond = (uuid = "") => Number.parseInt(uuid.replace("-", "").slice(0, 12), 16);
    expect(millisecond(uuids[0])).toBeGreaterThanOrEqual(before);
    expect(millisecond(uuids.at(-1))).toBeLessThanOrEqual(after + 1);
  });

  it.effect("ALN-4: fails to decode with a typed error", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Schema.decodeUnknownEffect(UserId)(TeamId.create()));
      expect(error._tag).toBe("SchemaError");
    }),
  );
});

describe("the ids of all entities", () => {
  it("ALN-4: have a brand, a prefix and a table of their own", () => {
    const unique = (values: ReadonlyArray<string>) => expect(values).toEqual([...new Set(values)]);
    unique(everyId.map(([name]) => name));
    unique(everyId.map(([, { prefix }]) => prefix));
    unique(everyId.map(([, { tableName }]) => tableName));
    expect(everyId.length).toBeGreaterThanOrEqual(14);
  });

  it.each(everyId)("ALN-4: %s is named after its entity", (name, Id) => {
    expect(Schema.resolveAnnotations(Id)?.identifier).toBe(name);
    expect(Id.tableName).toMatch(/^iam(_[a-z]+)+$/);
    expect(Id.tableName.length).toBeLessThanOrEqual(63);
  });

  it("ALN-4: tell by their beginning whose they are", () => {
    for (const [a, A] of everyId) {
      const text = A.create();
      for (const [b, B] of everyId) {
        // `team_` begins no `teammember_…`: there is one `_` only, between prefix and suffix.
        expect({ a, b, begins: text.startsWith(`${B.prefix}_`) }).toEqual({ a, b, begins: a === b });
        expect({ a, b, is: B.is(text) }).toEqual({ a, b, is: a === b });
      }
    }
  });
});
