/** A server that is told to stop, and the one that comes after it. */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { assert, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { Browser, textAt } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import * as Process from "./support/process.ts";
import { password, signUp } from "./support/signUp.ts";

// Longer than usual, because a second process starts.
it.effect(
  "OPS-1: a server that stops finishes what runs, and the next one finds everything",
  () =>
    Effect.gen(function* () {
      const dataDir = yield* Iam.folder;
      const server = yield* Process.serve({ IAM_DATA_DIR: dataDir, IAM_RATE_LIMIT: "false" });
      const gus = yield* Effect.promise(() => signUp(server.url, dataDir, "gus"));

      // A request that the server has begun to read when it is told to stop, and whose body comes later.
      const name = JSON.stringify({ name: "August" });
      const headers = {
        cookie: [...gus.cookies].map(([key, value]) => `${key}=${value}`).join("; "),
        origin: server.url,
        "content-type": "application/json",
        "content-length": String(name.length),
        expect: "100-continue",
      };
      const updating = request(`${server.url}/api/auth/update-user`, { method: "POST", headers });
      const answered = once(updating, "response");
      updating.flushHeaders();
      yield* Effect.promise(() => once(updating, "continue"));
      server.process.kill("SIGTERM");
      yield* Effect.promise(() => server.told("Stopping"));
      updating.end(name);
      const [updated] = yield* Effect.promise(() => answered);
      assert.deepInclude(updated, { statusCode: 200 });
      const ended = yield* Effect.promise(() => server.ended);
      assert.strictEqual(ended.code, 0);
      assert.match(ended.stderr, /^\nStopping; [^\n]+\n$/);
      assert.isTrue(
        yield* Effect.promise(() =>
          stat(join(dataDir, "pid")).then(
            () => false,
            () => true,
          ),
        ),
      );

      const secrets = Effect.forEach(["secret", "key-encryption-keys"], (file) =>
        Effect.promise(() => readFile(join(dataDir, file), "utf8")),
      );
      const kept = yield* secrets;
      assert.match(kept[1] ?? "", /^1:[A-Za-z0-9+/]{43}=\n$/);
      const again = yield* Process.serve({ IAM_DATA_DIR: dataDir, IAM_CLIENT_ADDRESS_HEADER: "x-real-ip" });
      const returning = new Browser(again.url);
      for (const [name, value] of gus.cookies) returning.cookies.set(name, value);
      yield* Effect.promise(async () => {
        assert.strictEqual(textAt(await returning.get("/api/session"), "user", "name"), "August");
        const proxied = new Browser(again.url);
        const said = { "x-real-ip": "203.0.113.9" };
        await proxied.post("/api/auth/sign-in/email", { email: "gus@example.com", password }, said);
        assert.strictEqual(textAt(await proxied.get("/api/session"), "session", "ipAddress"), "203.0.113.9");
      });
      yield* Iam.stop(again);
      assert.deepStrictEqual(yield* secrets, kept);
    }).pipe(Effect.scoped),
  60_000,
);
