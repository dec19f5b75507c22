/** A log of a test's own: with a key that signs it, on a database that is given. */
import { type AuditExport, SignedNote } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Log from "../../src/audit/Log.ts";
import * as Sealer from "../../src/audit/Sealer.ts";
import { asService } from "../../src/tenancy/asService.ts";

/** What the log is called. */
export const origin = "log.example.com";

/** The key of a test's log. */
export class Key extends Context.Service<Key, SignedNote.SignerKey>()("test/audit/Key") {}

const crypto = Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto));

/** What seals, and what reads, on a database. */
export const withLog = <A, E, R>(database: Layer.Layer<A, E, R>, options: Omit<Sealer.Options, "key"> = {}) =>
  Layer.unwrap(
    Effect.map(SignedNote.generateSignerKey(origin), (key) =>
      Layer.mergeAll(Sealer.layer({ ...options, key }), Log.layer, Layer.succeed(Key, key)),
    ),
  ).pipe(Layer.provideMerge(database), Layer.provideMerge(crypto));

/** What the auditor has: the name and the public key. */
export const trust: Effect.Effect<AuditExport.Trust, never, Key> = Effect.map(Key, ({ verifier }) => ({
  origin,
  keys: [verifier],
}));

/** Seals all that is committed. */
export const sealed = Effect.flatMap(Sealer.Sealer, ({ seal }) => seal);

/** Makes organizations, each an event. */
export const organizations = Effect.fnUntraced(function* (...slugs: ReadonlyArray<string>) {
  const client = yield* PgClient;
  const ids = slugs.map(() => SharedEntityIds.OrganizationId.create());
  yield* asService(client`
    insert into iam_organizations (id, name, slug)
    select * from unnest(${ids.map(SharedEntityIds.OrganizationId.toUuid)}::uuid[], ${slugs}::text[], ${slugs}::text[])`);
  return ids;
});
