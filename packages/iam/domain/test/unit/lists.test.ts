/** Cursors, and the pages that they begin. */
import { IamEntityIds } from "@beep/shared-domain";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import * as Cursor from "../../src/Cursor.ts";
import * as Page from "../../src/Page.ts";

const { MemberId, InvitationId } = IamEntityIds;

const Of = Schema.Struct({ list: Schema.String, owner: Schema.String, order: Cursor.Order });

const toBase64Url = Schema.encodeSync(Schema.StringFromBase64Url);

const here: Cursor.Of = { list: "members", owner: "organization_1", order: "oldest" };
const id = MemberId.create();

/** Whether a cursor is accepted for the list. */
const accepts = (cursor: string, of: Cursor.Of = here) =>
  Effect.map(Effect.exit(Cursor.read(of, MemberId, cursor)), ({ _tag }) => _tag === "Success");

describe("a cursor", () => {
  it.effect.prop("API-2: is read as it was made, for the list that it was made for", [Of, MemberId], ([of, after]) =>
    Effect.gen(function* () {
      const cursor = Cursor.make(of, after);
      assert.match(cursor, /^[\w-]+$/);
      assert.deepStrictEqual(yield* Cursor.read(of, MemberId, cursor), Option.some(after));
    }),
  );

  it.effect("API-2: that is not there is the list's beginning", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Cursor.read(here, MemberId, undefined), Option.none());
    }),
  );

  it.effect.prop("API-2: of another list, owner or order is refused", [Of, Of, MemberId], ([of, other, after]) =>
    Effect.gen(function* () {
      const same = of.list === other.list && of.owner === other.owner && of.order === other.order;
      assert.strictEqual(yield* accepts(Cursor.make(other, after), of), same);
      for (const differing of [
        { ...of, list: `${of.list}s` },
        { ...of, owner: `${of.owner}0` },
        { ...of, order: of.order === "oldest" ? "newest" : "oldest" } as const,
      ]) {
        assert.isFalse(yield* accepts(Cursor.make(differing, after), of));
      }
    }),
  );

  it.effect("API-2: of another entity, or of none, is refused", () =>
    Effect.gen(function* () {
      assert.isTrue(yield* accepts(Cursor.make(here, id)));
      for (const after of [InvitationId.create(), "", "member_", id.toUpperCase(), `${id}0`, MemberId.toUuid(id)]) {
        assert.isFalse(yield* accepts(Cursor.make(here, after)), after);
      }
    }),
  );

  it.effect("API-2: that is cut off anywhere is refused", () =>
    Effect.gen(function* () {
      const cursor = Cursor.make(here, id);
      for (let length = 0; length < cursor.length; length++) {
        assert.isFalse(yield* accepts(cursor.slice(0, length)), `${length}`);
      }
    }),
  );

  it.effect.prop("API-2: is refused with its error where it is anything else", [Schema.String], ([text]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Cursor.read(here, MemberId, text));
      assert.deepInclude(error, { _tag: "CursorInvalid", code: "INVALID_CURSOR", status: 400 });
    }),
  );

  it.effect("API-2: is refused where it lacks a part, or one is of another type", () =>
    Effect.gen(function* () {
      const whole: Readonly<Record<string, unknown>> = { ...here, after: id };
      const encoded = (value: unknown) => toBase64Url(JSON.stringify(value));
      assert.isTrue(yield* accepts(encoded(whole)));
      for (const part of Object.keys(whole)) {
        const { [part]: _, ...rest } = whole;
        assert.isFalse(yield* accepts(encoded(rest)), part);
        for (const value of [null, 1, true, [whole[part]], {}]) {
          assert.isFalse(yield* accepts(encoded({ ...whole, [part]: value })), part);
        }
      }
      for (const value of [null, [], [whole], "members", 1]) assert.isFalse(yield* accepts(encoded(value)));
    }),
  );
});

describe("a page", () => {
  const rows = Array.from({ length: 5 }, () => ({ id: MemberId.create() }));

  it.effect("API-2: that is full goes on behind its last row, and only where there is another", () =>
    Effect.gen(function* () {
      const page = Page.make(here, 4, rows);
      assert.deepStrictEqual(page.items, rows.slice(0, 4));
      if (page.next === null) return assert.fail("The page is the last one.");
      assert.deepStrictEqual(yield* Cursor.read(here, MemberId, page.next), Option.some(rows[3]?.id ?? ""));
      assert.deepStrictEqual(Page.make(here, 5, rows), { items: rows, next: null });
      assert.deepStrictEqual(Page.make(here, 5, []), { items: [], next: null });
    }),
  );

  it("API-2: has from 1 to 100 things", () => {
    const is = Schema.is(Page.Limit);
    assert.deepStrictEqual([1, Page.DEFAULT_LIMIT, 100].map(is), [true, true, true]);
    assert.deepStrictEqual([0, -1, 101, 1.5, Number.NaN, Infinity].map(is), Array(6).fill(false));
  });
});
