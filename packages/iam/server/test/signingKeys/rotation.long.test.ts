/** Signing keys that rotate every five seconds for a minute under load, and two processes that start at once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Auth } from "@beep/iam-server";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { decodeProtectedHeader } from "jose";
import * as oauth from "openid-client";
import { heldBy, superuser } from "../auth/atWrite.ts";
import { Listening, listeningOn } from "../auth/listening.ts";
import { confidential, isActive, Parties } from "../auth/oauth/parties.ts";
import { maxAgeOf, verifier } from "./verifier.ts";

const fast = { IAM_SIGNING_KEY_PERIOD: "5 seconds", IAM_SIGNING_KEY_PUBLISHED_BEFORE: "3 seconds" };

const MINUTE = 60_000;

layer(
  Layer.provideMerge(
    Parties.at,
    listeningOn((stated) => Layer.provideMerge(IamTest.configured({ ...stated, ...fast }), TestDatabase.layer())),
  ),
  { excludeTestServices: true, timeout: 60_000 },
)("keys that rotate every five seconds", (it) => {
  it.effect(
    "CRY-4: under load, of two processes' services, no verification fails",
    () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const { url } = yield* Listening;
        const { root } = yield* Parties;
        // The services of another process, on the same database.
        const others = yield* Layer.build(Layer.fresh(IamTest.configured({ ...fast, IAM_BASE_URL: url })));
        const apis = [api, Context.get(others, Auth.Auth).api];
        const resource = "https://orders.example.com/";
        const { config, id } = yield* confidential({
          grant_types: ["client_credentials"],
          scope: "orders:read",
          client_credentials_scopes: ["orders:read"],
        });
        yield* api.adminCreateOAuthResource({ headers: root.headers(), body: { identifier: resource } });
        yield* api.adminLinkClientResource({
          headers: root.headers(),
          params: { identifier: resource, client_id: id },
        });

        const maxAge = maxAgeOf((yield* Effect.promise(() => fetch(`${url}/api/auth/jwks`))).headers);
        const verifiers = Array.from({ length: 4 }, () => verifier(url, maxAge, fetch));
        const kids = new Map<string, string>();
        let verified = 0;
        const end = (yield* Clock.currentTimeMillis) + MINUTE;
        const goingOn = (once: (round: number) => Effect.Effect<unknown>) =>
          Effect.gen(function* () {
            for (let round = 0; (yield* Clock.currentTimeMillis) < end; round++) yield* once(round);
          });
        const verify = (side: number, token: string) =>
          Effect.promise(async () => {
            await verifiers[side % verifiers.length]?.(token);
            verified++;
          });
        const signing = (side: number) =>
          goingOn((round) =>
            Effect.gen(function* () {
              const signer = apis[round % 2] ?? api;
              const { token } = yield* Effect.orDie(signer.signJWT({ body: { payload: { sub: "somebody" } } }));
              const kid = decodeProtectedHeader(token).kid ?? "";
              if (!kids.has(kid)) kids.set(kid, token);
              yield* verify(side, token);
              // One of each key that has signed so far.
              yield* Effect.forEach(kids.values(), (old) => verify(side + 1, old));
              const { payload } = yield* Effect.orDie((apis[(round + 1) % 2] ?? api).verifyJWT({ body: { token } }));
              assert.isNotNull(payload);
            }),
          );
        const introspecting = goingOn(() =>
          Effect.gen(function* () {
            const { access_token } = yield* Effect.promise(() =>
              oauth.clientCredentialsGrant(config, { resource, scope: "orders:read" }),
            );
            assert.isTrue(yield* isActive(config, access_token));
            verified++;
          }),
        );
        yield* Effect.all([signing(0), signing(1), signing(2), introspecting, introspecting], {
          concurrency: "unbounded",
        });
        console.log(`${verified} verifications, ${kids.size} keys`);
        assert.isAtLeast(kids.size, 11);
      }).pipe(Effect.scoped),
    2 * MINUTE,
  );
});

const script = fileURLToPath(new URL("../fixtures/crypto/first-key.ts", import.meta.url));

layer(TestDatabase.layer(), { excludeTestServices: true })("two processes", (it) => {
  it.effect(
    "CRY-4: that start at once for the first time make one key",
    () =>
      Effect.gen(function* () {
        const sql = yield* superuser;
        const { appUrl } = yield* TestDatabase;
        const asked = Effect.promise(async () => {
          const child = spawn(process.execPath, ["--conditions=@beep/source", script], {
            env: {
              ...process.env,
              DATABASE_URL: Redacted.value(appUrl),
              IAM_RUN_MIGRATIONS: "false",
              IAM_BASE_URL: "http://localhost:3000",
              IAM_SECRET: IamTest.secret,
              IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
            },
            stdio: ["ignore", "pipe", "inherit"],
          });
          const [printed] = await Promise.all([text(child.stdout), once(child, "exit")]);
          return printed.trim();
        });
        const hold = sql`lock table iam_signing_keys in share mode`;
        const [one, other] = yield* heldBy(sql, hold, [asked, asked], 10_000);
        assert.match(one ?? "", /^signingkey_\w{26}$/);
        assert.strictEqual(one, other);
        assert.lengthOf(yield* sql`select id from iam_signing_keys`, 1);
      }).pipe(Effect.scoped),
    60_000,
  );
});
