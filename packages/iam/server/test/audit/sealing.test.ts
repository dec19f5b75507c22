/** What sealing makes of committed events. */
import { AuditExport, Checkpoint, Merkle, SignedNote } from "@beep/iam-domain";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Stream from "effect/Stream";
import * as Log from "../../src/audit/Log.ts";
import * as Sealer from "../../src/audit/Sealer.ts";
import * as Worker from "../../src/audit/Worker.ts";
import { asService } from "../../src/tenancy/asService.ts";
import { Key, organizations, origin, sealed, trust, withLog } from "./log.ts";

/** What stands in the log, in its order: actions, with the slug of an organization. */
const actions = asService(
  Effect.flatMap(
    PgClient,
    (client) => client<{ said: string; position: bigint }>`
      select concat_ws(' ', e.action, e.after ->> 'slug') as said, s.position
      from iam_audit_seals s join iam_audit_events e on e.id = s.event_id order by s.index`,
  ),
);

for (const database of IamTest.databases) {
  layer(withLog(database.layer))(`on ${database.name}`, (it) => {
    it.effect("AUD-3: what is committed gets its place in the log and in its chain, once", () =>
      Effect.gen(function* () {
        const before = yield* sealed;
        yield* organizations("one", "two");
        assert.strictEqual(yield* sealed, 2);
        assert.strictEqual(yield* sealed, 0);
        const found = yield* actions;
        assert.deepStrictEqual(
          found.slice(before).map(({ position, said }) => [said, Number(position)]),
          [
            ["organization.created one", 0],
            ["organization.created two", 0],
          ],
        );
        const log = yield* Log.Log;
        const verified = yield* log.verify(yield* trust);
        assert.strictEqual(verified.size, BigInt(before + 2));
      }),
    );

    it.effect("AUD-3: a worker that ends has sealed what was committed before", () =>
      Effect.gen(function* () {
        const log = yield* Log.Log;
        yield* sealed;
        const before = yield* log.size;
        const key = Redacted.value(yield* SignedNote.formatSignerKey(yield* Key));
        const worker = Worker.layer.pipe(
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ IAM_AUDIT_SIGNING_KEY: key }))),
        );
        yield* Effect.scoped(Effect.andThen(Layer.build(worker), organizations("a", "b", "c")));
        assert.strictEqual((yield* log.size) - before, 3n);
      }),
    );

    it.effect("AUD-3: what is much is sealed in parts, between which others write, and each event once", () =>
      Effect.gen(function* () {
        yield* sealed;
        const log = yield* Log.Log;
        const client = yield* PgClient;
        const before = yield* log.size;
        const context = yield* Layer.build(Layer.fresh(Sealer.layer({ key: yield* Key, part: 10 })));
        const part = Effect.provideContext(sealed, context);
        const slugs = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `part-${from + at}`);
        const isPartial = asService(client<{ partial: boolean }>`select partial from iam_audit_heads`);
        yield* organizations(...slugs(0, 15));
        yield* organizations(...slugs(15, 25));
        assert.strictEqual(yield* part, 10);
        assert.deepStrictEqual(yield* isPartial, [{ partial: true }]);
        // Each part is signed, and the log verifies at every time.
        yield* log.verify(yield* trust);
        // What others write meanwhile comes behind what was there.
        yield* organizations(...slugs(25, 30));
        assert.strictEqual(yield* part, 10);
        assert.strictEqual(yield* part, 10);
        // Nothing is left of it, which only this one sees.
        assert.deepStrictEqual(yield* isPartial, [{ partial: true }]);
        assert.strictEqual(yield* sealed, 0);
        assert.deepStrictEqual(yield* isPartial, [{ partial: false }]);
        yield* organizations(...slugs(30, 32));
        assert.strictEqual(yield* sealed, 2);
        const found = yield* actions;
        assert.deepStrictEqual(
          found.slice(Number(before)).map(({ said }) => said),
          slugs(0, 32).map((slug) => `organization.created ${slug}`),
        );
        const verified = yield* log.verify(yield* trust);
        assert.strictEqual(verified.size, before + 32n);
      }),
    );

    it.effect("AUD-3: an organization's chain is read from any place of the log, by its index", () =>
      Effect.gen(function* () {
        const [one = assert.fail(), other = assert.fail()] = yield* organizations("mine", "yours");
        const client = yield* PgClient;
        const renamed = (id: typeof one, name: string) =>
          asService(client`
            update iam_organizations set name = ${name} where id = ${SharedEntityIds.OrganizationId.toUuid(id)}`);
        for (const name of ["1", "2", "3"]) {
          yield* renamed(one, name);
          yield* renamed(other, name);
        }
        yield* sealed;
        const { entries } = yield* Log.Log;
        const all = yield* entries({ from: 0n, limit: 100, organization: one });
        assert.deepStrictEqual(
          all.map(({ action }) => action),
          ["organization.created", "organization.updated", "organization.updated", "organization.updated"],
        );
        for (const [at, { index }] of all.entries()) {
          const behind = { limit: 2, organization: one };
          const found = [yield* entries({ ...behind, from: index }), yield* entries({ ...behind, from: index + 1n })];
          assert.deepStrictEqual(found, [all.slice(at, at + 2), all.slice(at + 1, at + 3)]);
        }
      }),
    );

    it.effect("AUD-4: another key goes on with the log where it knows the one before, and only there", () =>
      Effect.gen(function* () {
        yield* organizations("before");
        yield* sealed;
        const log = yield* Log.Log;
        const [first, second] = [yield* Key, yield* SignedNote.generateSignerKey(origin)];
        const sealing = (options: Sealer.Options) => Effect.provide(sealed, Layer.fresh(Sealer.layer(options)));
        yield* organizations("after");
        assert.strictEqual((yield* Effect.flip(sealing({ key: second })))._tag, "NoteKeyUnknown");
        assert.strictEqual(yield* sealing({ key: second, former: [first.verifier] }), 1);
        yield* log.verify({ origin, keys: [first.verifier, second.verifier] });
        yield* organizations("back");
        assert.strictEqual(yield* sealing({ key: first, former: [second.verifier] }), 1);
      }),
    );

    it.effect("AUD-5: an export verifies without the database, and from where it was verified before", () =>
      Effect.gen(function* () {
        const log = yield* Log.Log;
        const known = yield* trust;
        yield* organizations("three");
        yield* sealed;
        const taken = (from: bigint) =>
          Effect.map(Stream.runCollect(log.lines(origin, from)), (lines) => `${[...lines].join("\n")}\n`);
        const { size, state } = yield* AuditExport.verify(yield* taken(0n), known);
        yield* organizations("four", "five");
        yield* sealed;
        const more = yield* AuditExport.verify(yield* taken(size), { ...known, state });
        assert.strictEqual(more.events, 2n);
        assert.strictEqual(more.size, size + 2n);
      }),
    );

    it.effect("AUD-4: an event is proven to be in the log, and an older log to be its beginning", () =>
      Effect.gen(function* () {
        const log = yield* Log.Log;
        const { keys } = yield* trust;
        const client = yield* PgClient;
        const opened = Effect.fnUntraced(function* () {
          return yield* Checkpoint.open(Option.getOrThrow(yield* log.checkpoint), origin, keys);
        });
        yield* organizations("six", "seven", "eight");
        yield* sealed;
        const older = yield* opened();
        yield* organizations("nine", "ten");
        yield* sealed;
        const newer = yield* opened();
        const rows = yield* asService(client<{ event_id: string }>`select event_id from iam_audit_seals`);
        for (const { event_id } of rows) {
          const proof = Option.getOrThrow(yield* log.prove(IamEntityIds.AuditEventId.fromUuid(event_id)));
          assert.isTrue(Merkle.verifyInclusion(newer, proof.index, Merkle.leafHash(proof.hash), proof.proof));
        }
        const consistency = yield* log.proveConsistency(older.size, newer.size);
        assert.isTrue(Merkle.verifyConsistency(older, newer, consistency));
        assert.deepStrictEqual(yield* log.prove(IamEntityIds.AuditEventId.create()), Option.none());
      }),
    );
  });
}
