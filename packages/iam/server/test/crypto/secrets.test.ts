/** Secrets that are sealed for their owner and their place. */
import { SqlState } from "@beep/db-admin";
import { Errors, KeyOwner } from "@beep/iam-domain";
import { IamDb, Secrets } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { Envelope } from "@beep/shared-domain";
import { connect, IamTest, Race, Statements, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { TestClock } from "effect/testing";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { asService } from "../../src/tenancy/asService.ts";
import * as drawers from "./drawers.ts";

const { DrawerId, drawer } = drawers;

const values = (texts: ReadonlyArray<string>, owner: KeyOwner.KeyOwner) =>
  texts.map((text) => ({ owner, place: Secrets.at(drawer.content, DrawerId.create()), value: Redacted.make(text) }));

/** Seals texts for an owner, and gives what opens them. */
const sealed = Effect.fnUntraced(function* (texts: ReadonlyArray<string>, owner: KeyOwner.KeyOwner) {
  const secrets = yield* Secrets.Secrets;
  const asked = values(texts, owner);
  const envelopes = yield* asService(secrets.seal(asked));
  return asked.map(({ place }, index): Secrets.Sealed => ({ owner, place, envelope: envelopes[index] ?? "" }));
});

const opened = Effect.fnUntraced(function* (asked: ReadonlyArray<Secrets.Sealed>) {
  return (yield* (yield* Secrets.Secrets).open(asked)).map(Redacted.value);
});

/** Why one does not open. */
const refused = (asked: Secrets.Sealed) =>
  Effect.flatMap(Secrets.Secrets, ({ open }) =>
    Effect.flip(open([asked])).pipe(
      Effect.flatMap((error) => (error._tag === "SecretUnreadable" ? Effect.succeed(error.reason) : Effect.die(error))),
    ),
  );

const kinds = Object.entries(drawers.owners);

for (const { name, on } of [
  { name: "PostgreSQL", on: drawers.postgres() },
  { name: "the embedded database", on: drawers.embedded },
]) {
  layer(on)(`on ${name}`, (it) => {
    it.effect.prop(
      "CRY-1: what is sealed opens where it was sealed, for every kind of owner, whatever it is",
      [Schema.Array(Schema.String.check(Schema.makeFilter((text) => text.isWellFormed())))],
      ([texts]) =>
        Effect.gen(function* () {
          for (const [, owner] of kinds) {
            assert.deepStrictEqual(yield* opened(yield* sealed(texts, owner())), texts);
          }
        }),
      { arbitrary: { runs: 20 } },
    );

    it.effect("CRY-1: one that is moved to another owner, table, row or column does not open", () =>
      Effect.gen(function* () {
        const [one, two] = [drawers.owners.organization(), drawers.owners.organization()];
        const [here] = yield* sealed(["secret"], one);
        const [there] = yield* sealed(["another"], two);
        assert.isDefined(here);
        assert.isDefined(there);
        const { place } = here;
        const moved: Record<string, Secrets.Sealed> = {
          owner: { ...here, owner: two },
          "kind of owner": { ...here, owner: { ...one, type: "user" } },
          table: { ...here, place: { ...place, table: "app_chests" } },
          row: { ...here, place: { ...place, row: DrawerId.create() } },
          column: { ...here, place: { ...place, column: "label" } },
          // The same characters, parted elsewhere.
          "table and row": {
            ...here,
            place: { ...place, table: `${place.table}${place.row[0]}`, row: place.row.slice(1) },
          },
          "into another's row": { ...there, envelope: here.envelope },
        };
        for (const [what, asked] of Object.entries(moved)) {
          assert.strictEqual(yield* refused(asked), "altered", what);
        }
        assert.deepStrictEqual(yield* opened([here]), ["secret"]);
      }),
    );

    it.effect("CRY-1: an envelope of which any bit is another does not open", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets.Secrets;
        // Of every length by which base64 leaves bits to spare.
        for (const text of ["", "s", "se", "sec"]) {
          const [whole] = yield* sealed([text], drawers.owners.user());
          assert.isDefined(whole);
          const bytes = Buffer.from(whole.envelope);
          const flipped = [...bytes].flatMap((byte, at) =>
            Array.from({ length: 8 }, (_, bit): Secrets.Sealed => {
              const other = Buffer.from(bytes);
              other[at] = byte ^ (1 << bit);
              return { ...whole, envelope: other.toString("latin1") };
            }),
          );
          const results = yield* secrets.openEach([whole, ...flipped]);
          assert.deepStrictEqual(
            results.flatMap((result, index) => (Result.isSuccess(result) ? [index] : [])),
            [0],
          );
          const cut = whole.envelope.slice(0, -1);
          assert.strictEqual(yield* refused({ ...whole, envelope: cut }), "altered");
          assert.strictEqual(yield* refused({ ...whole, envelope: `${whole.envelope}A` }), "altered");
        }
      }),
    );

    it.effect("CRY-1: what does not open names the place and never the value, and the others are told apart", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets.Secrets;
        const owner = drawers.owners.user();
        const [good, bad] = yield* sealed(["kept", "the-value"], owner);
        assert.isDefined(good);
        assert.isDefined(bad);
        const wrong = { ...bad, owner: drawers.owners.user() };
        const error = yield* Effect.flip(secrets.open([good, wrong]));
        assert.instanceOf(error, Errors.SecretUnreadable);
        const { column, row, table } = bad.place;
        assert.deepInclude(error, { code: "SECRET_UNREADABLE", table, row, column, reason: "altered" });
        assert.notInclude(JSON.stringify(error) + String(error), "the-value");
        const each = yield* secrets.openEach([good, wrong]);
        assert.deepStrictEqual(each.map(Result.isSuccess), [true, false]);
        assert.notInclude(JSON.stringify(each), "kept");
      }),
    );

    it.effect("CRY-1: the database refuses in a sealed column what is no envelope", () =>
      Effect.gen(function* () {
        const { client } = yield* ServiceConnection;
        const [id] = yield* drawers.put(drawers.owners.user(), "secret");
        assert.isDefined(id);
        const envelope = yield* drawers.envelopeIn(id);
        assert.isTrue(Envelope.is(envelope));
        for (const text of ["secret", "", envelope.slice(1), `${envelope} `, envelope.replace(":1:", ":2:")]) {
          const error = yield* Effect.flip(
            asService(client`update app_drawers set content = ${text} where id = ${DrawerId.toUuid(id)}`),
          );
          assert.isTrue(SqlState.isRefusedValue(error), text);
        }
        const everywhere = yield* asService(client<{ found: boolean }>`
          select exists (select from app_drawers d where d::text like '%secret%') as found`);
        assert.deepStrictEqual(everywhere, [{ found: false }]);
      }),
    );

    it.effect("CRY-1: outside a transaction nothing is sealed, nor what is no Unicode text", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets.Secrets;
        const outside = yield* Effect.exit(secrets.seal(values(["secret"], KeyOwner.installation)));
        assert.isTrue(Exit.hasDies(outside));
        const half = yield* Effect.exit(asService(secrets.seal(values(["\uD83D"], KeyOwner.installation))));
        assert.isTrue(Exit.hasDies(half));
      }),
    );

    it.effect("CRY-1: a key that is rolled back with what it sealed is forgotten", () =>
      Effect.gen(function* () {
        const secrets = yield* Secrets.Secrets;
        const owner = drawers.owners.user();
        const undone = yield* Effect.flip(
          asService(
            Effect.gen(function* () {
              yield* secrets.seal(values(["secret"], owner));
              return yield* Effect.fail({ undone: yield* secrets.mac(owner, "test", Redacted.make("text")) });
            }),
          ),
        );
        assert.isTrue("undone" in undone);
        const [one] = yield* sealed(["secret"], owner);
        assert.isDefined(one);
        assert.deepStrictEqual(yield* opened([one]), ["secret"]);
        const digest = yield* secrets.mac(owner, "test", Redacted.make("text"));
        assert.notDeepEqual(undone, { undone: digest });
        assert.strictEqual(yield* secrets.mac(owner, "test", Redacted.make("text")), digest);
      }),
    );

    it.effect("CRY-1: digests differ by owner, by purpose and by text, and by nothing else", () =>
      Effect.gen(function* () {
        const { mac } = yield* Secrets.Secrets;
        const [ann, bob] = [drawers.owners.user(), drawers.owners.user()];
        const digest = yield* mac(ann, "address", Redacted.make("192.0.2.1"));
        assert.match(digest, /^[A-Za-z0-9_-]{43}$/);
        assert.strictEqual(yield* mac(ann, "address", Redacted.make("192.0.2.1")), digest);
        assert.notStrictEqual(yield* mac(ann, "address", Redacted.make("192.0.2.2")), digest);
        assert.notStrictEqual(yield* mac(ann, "agent", Redacted.make("192.0.2.1")), digest);
        assert.notStrictEqual(yield* mac(bob, "address", Redacted.make("192.0.2.1")), digest);
      }),
    );
  });
}

layer(IamTest.postgres())("on PostgreSQL", (it) => {
  it.effect("CRY-1: no wrapped key, and no unwrapped one, is anywhere in a dump but under its key-encryption key", () =>
    Effect.gen(function* () {
      const { client } = yield* ServiceConnection;
      yield* sealed(["secret"], KeyOwner.installation);
      const rows = yield* asService(client<{ wrapped: string; length: number }>`
        select wrapped_key as wrapped, length(wrapped_key) as length from iam_data_keys`);
      // A nonce, two keys and a tag.
      for (const { length } of rows) assert.strictEqual(length, Math.ceil(((12 + 64 + 16) * 4) / 3));
      assert.lengthOf(new Set(rows.map(({ wrapped }) => wrapped)), rows.length);
    }),
  );

  it.effect("CRY-1: sealing and opening take one statement for all keys, and none where the key was joined", () =>
    Effect.gen(function* () {
      const watched = yield* Statements.watch((yield* TestDatabase).appUrl);
      yield* Effect.gen(function* () {
        const secrets = yield* Secrets.Secrets;
        const { db } = yield* IamDb.IamDb;
        const all = Array.from({ length: 30 }, () => drawers.owners.user());
        const asked = [...all, ...all, ...all].flatMap((owner) => values(["a", "b"], owner));
        // The keys are made by one more, and looked for again.
        const first = yield* watched.during(asService(secrets.seal(asked)));
        assert.strictEqual(first.count.statements, 3);
        const again = yield* watched.during(asService(secrets.seal(asked)));
        assert.strictEqual(again.count.statements, 1);
        const found = asked.map(({ owner, place }, index) => ({ owner, place, envelope: again.result[index] ?? "" }));
        const read = yield* watched.during(secrets.open(found));
        assert.strictEqual(read.count.statements, 1);
        assert.strictEqual(read.count.control, 0);
        assert.lengthOf(read.result, 180);

        const [owner] = all;
        assert.isDefined(owner);
        const keys = yield* asService(
          db.select(Secrets.keyColumns).from(IamDbSchema.dataKey).where(eq(IamDbSchema.dataKey.ownerId, owner.id)),
        );
        const own = found.filter((one) => one.owner === owner);
        const joined = yield* watched.during(secrets.openWith(keys, own));
        assert.strictEqual(joined.count.statements, 0);
        assert.deepStrictEqual(joined.result.map(Redacted.value), ["a", "b", "a", "b", "a", "b"]);

        const digest = secrets.mac(owner, "test", Redacted.make("text"));
        assert.strictEqual((yield* watched.during(digest)).count.statements, 1);
        assert.strictEqual((yield* watched.during(digest)).count.statements, 0);
        yield* TestClock.adjust("5 minutes");
        assert.strictEqual((yield* watched.during(digest)).count.statements, 1);
      }).pipe(Effect.provide(Layer.fresh(IamTest.configured({ DATABASE_URL: Redacted.value(watched.url) }))));
    }),
  );

  it.effect("CRY-1: two that first seal for one owner at once make one key", () =>
    Effect.gen(function* () {
      const database = yield* TestDatabase;
      const admin = yield* connect(database.adminUrl);
      const secrets = yield* Secrets.Secrets;
      const connection = yield* ServiceConnection;
      const other = yield* Layer.build(Layer.fresh(IamTest.onDatabase));
      let owner = drawers.owners.user();
      const side = (pause: Effect.Effect<void>) =>
        asService(
          Effect.gen(function* () {
            const { seal } = yield* Secrets.Secrets;
            const asked = values(["secret"], owner);
            const envelopes = yield* seal(asked);
            yield* pause;
            return asked.map(({ place }, index) => ({ owner, place, envelope: envelopes[index] ?? "" }));
          }),
        );
      const ends = yield* Race.bothOrders(
        (pause) =>
          side(pause).pipe(
            Effect.provideService(Secrets.Secrets, secrets),
            Effect.provideService(ServiceConnection, connection),
          ),
        (pause) => Effect.provide(side(pause), other),
        {
          prepare: Effect.sync(() => {
            owner = drawers.owners.user();
          }),
          blocked: Race.untilAnyBlocked(admin),
        },
      );
      for (const { left, right, waited } of [ends.leftFirst, ends.rightFirst]) {
        assert.isTrue(waited);
        const both = [...(yield* left), ...(yield* right)];
        assert.deepStrictEqual(yield* opened(both), ["secret", "secret"]);
        const keys = new Set(both.map(({ envelope }) => Envelope.parse(envelope)?.dataKey));
        assert.strictEqual(keys.size, 1);
      }
    }),
  );
});

layer(IamTest.postgres())("on PostgreSQL whose superuser writes", (it) => {
  it.effect("CRY-1: a wrapped key that stands in another's row opens nothing, also where it is remembered", () =>
    Effect.gen(function* () {
      const admin = yield* connect((yield* TestDatabase).adminUrl);
      const [one, two] = [drawers.owners.user(), drawers.owners.user()];
      const [ones] = yield* sealed(["one"], one);
      const [twos] = yield* sealed(["two"], two);
      assert.isDefined(ones);
      assert.isDefined(twos);
      yield* admin`
        update iam_data_keys k set wrapped_key = o.wrapped_key from iam_data_keys o
        where k.owner_id = ${two.id} and o.owner_id = ${one.id}`;
      assert.strictEqual(yield* refused(twos), "key does not open");
      // Nor does one that is given another owner.
      yield* admin`update iam_data_keys set owner_id = 'nobody' where owner_id = ${one.id}`;
      assert.strictEqual(yield* refused(ones), "key does not open");
      yield* admin`delete from iam_data_keys where owner_id = 'nobody'`;
      assert.strictEqual(yield* refused(ones), "key unknown");
    }),
  );
});
