/** A log that is dumped, and goes on where it was restored. Needs PostgreSQL 15's own programs, which dump and restore. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Checkpoint, SignedNote } from "@beep/iam-domain";
import { IamDb } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, PostgresServer, TestDatabase } from "@beep/testing";
import { assert, it } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Log from "../../src/audit/Log.ts";
import * as Sealer from "../../src/audit/Sealer.ts";
import { origin } from "./log.ts";

const programs = "/usr/lib/postgresql/15/bin";

const run = (program: string, ...args: ReadonlyArray<string>) =>
  Effect.promise(() => promisify(execFile)(join(programs, program), args));

const crypto = Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto));

/** The services' side of a database: what seals the log by a key, and what reads it. */
const logOn = (url: Redacted.Redacted, key: SignedNote.SignerKey) =>
  Layer.mergeAll(Sealer.layer({ key }), Log.layer).pipe(
    Layer.provide(
      IamDb.layer.pipe(
        Layer.provide(
          ConfigProvider.layer(
            ConfigProvider.fromUnknown({
              DATABASE_URL: Redacted.value(url),
              IAM_SECRET: IamTest.secret,
              IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
            }),
          ),
        ),
      ),
    ),
    Layer.fresh,
  );

/** Organizations are made, each an event. */
const made = Effect.fnUntraced(function* (url: Redacted.Redacted, ...slugs: ReadonlyArray<string>) {
  const client = yield* connect(url);
  const ids = slugs.map(() => SharedEntityIds.OrganizationId.toUuid(SharedEntityIds.OrganizationId.create()));
  yield* client`
    insert into iam_organizations (id, name, slug)
    select * from unnest(${ids}::uuid[], ${slugs}::text[], ${slugs}::text[])`;
}, Effect.scoped);

it.live(
  "AUD-3: a log goes on after a dump and a restore, with what was not sealed before, in the order that it had",
  () =>
    Effect.gen(function* () {
      const [here, there] = [yield* PostgresServer.make({ major: 15 }), yield* PostgresServer.make({ major: 15 })];
      const key = yield* SignedNote.generateSignerKey(origin);
      const known = { origin, keys: [key.verifier] };
      const kept = yield* Effect.gen(function* () {
        const log = yield* Log.Log;
        const { seal } = yield* Sealer.Sealer;
        // On the new server the numbers of transactions begin anew: what is there later has lower ones.
        for (let round = 0; round < 50; round++) yield* made(here.adminUrl, `sealed-${round}`);
        yield* seal;
        yield* made(here.adminUrl, "pending-1");
        yield* made(here.adminUrl, "pending-2");
        return Option.getOrThrow(yield* log.checkpoint);
      }).pipe(Effect.provide(logOn(here.adminUrl, key)));

      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => mkdtemp(join(tmpdir(), "iam-dump-"))),
        (path) => Effect.promise(() => rm(path, { recursive: true })),
      );
      const [roles, dump] = [join(folder, "roles.sql"), join(folder, "dump.sql")];
      yield* run(
        "pg_dumpall",
        "--roles-only",
        "--no-role-passwords",
        "--file",
        roles,
        "--dbname",
        Redacted.value(here.adminUrl),
      );
      yield* run("pg_dump", "--file", dump, Redacted.value(here.adminUrl));
      yield* here.stop;
      // The superuser is there already, and it is the only thing that may fail.
      yield* run("psql", "--quiet", "--file", roles, Redacted.value(there.adminUrl));
      const admin = yield* connect(there.adminUrl);
      yield* run("psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", dump, Redacted.value(there.adminUrl));
      yield* made(there.adminUrl, "after-1");

      yield* Effect.gen(function* () {
        const log = yield* Log.Log;
        const { seal } = yield* Sealer.Sealer;
        const tree = yield* Checkpoint.open(kept, origin, known.keys);
        assert.strictEqual(yield* seal, 0, "The first one finds out that the log has moved.");
        while ((yield* seal) > 0);
        yield* made(there.adminUrl, "after-2");
        assert.strictEqual(yield* seal, 1);
        assert.strictEqual(yield* seal, 0);
        yield* log.verify({ ...known, kept: [tree] });
        const rows = yield* admin<{ slug: string }>`
          select e.after ->> 'slug' as slug from iam_audit_seals s join iam_audit_events e on e.id = s.event_id
          where e.action = 'organization.created' and s.index >= ${tree.size} order by s.index`;
        assert.deepStrictEqual(
          rows.map(({ slug }) => slug),
          ["pending-1", "pending-2", "after-1", "after-2"],
        );
      }).pipe(Effect.provide(logOn(there.adminUrl, key)));
    }).pipe(Effect.scoped, Effect.provide(crypto)),
  { skip: !TestDatabase.majors.includes(15), timeout: 120_000 },
);
