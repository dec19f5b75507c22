/** What sealing makes of committed events. */
import { AuditExport, Checkpoint, Merkle, SignedNote } from "@beep/iam-domain";
import { IamEntityIds } from "@beep/shared-domain";
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
