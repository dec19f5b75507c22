/** Changes over HTTP that are asked for more than once. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Outbox } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer, test, vi } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { asService } from "../../src/tenancy/asService.ts";
import { at } from "../auth/browser.ts";
import { Listening, listeningOn } from "../auth/listening.ts";
import { operations } from "../support/definition.ts";
import { asking, called, type Headers, held, isReplayed, onServer, said, sending } from "./sending.ts";

vi.setConfig({ testTimeout: 60_000 });

for (const { name, layer: services } of [
  {
    name: "PostgreSQL",
    layer: (settings: Headers) => Layer.provideMerge(IamTest.configured(settings), TestDatabase.layer()),
  },
  { name: "the embedded database", layer: IamTest.configuredEmbedded },
]) {
  layer(listeningOn<never, unknown>(services), { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("IDM-1: the same key and request give one effect and the same answer, also in parallel", () =>
      Effect.gen(function* () {
        const send = yield* sending;
        const ann = yield* asking("ann");
        const make = send(ann, "once", "POST", "/organizations", { name: "once", slug: "once" });
        const first = yield* make;
        assert.strictEqual(first.status, 201, first.text);
        assert.isFalse(isReplayed(first));
        const again = yield* make;
        assert.isTrue(isReplayed(again));
        assert.deepStrictEqual(said(again), said(first));
        assert.strictEqual(yield* called("once"), 1);

        const body = { name: "parallel", slug: "parallel" };
        const answers = yield* Effect.all(
          Array.from({ length: 6 }, () => send(ann, '"par allel"', "POST", "/organizations", body)),
          { concurrency: "unbounded" },
        );
        const [one] = answers;
        assert.strictEqual(one?.status, 201, one?.text);
        for (const answer of answers) assert.deepStrictEqual(said(answer), one && said(one));
        assert.lengthOf(
          answers.filter((answer) => !isReplayed(answer)),
          1,
        );
        assert.strictEqual(yield* called("parallel"), 1);
        // Without a key, each is a request of its own.
        assert.strictEqual((yield* send(ann, undefined, "POST", "/organizations", body)).status, 409);
      }),
    );

    it.effect("IDM-1: the same key with another request is refused, and another's key is another", () =>
      Effect.gen(function* () {
        const send = yield* sending;
        const bob = yield* asking("bob");
        const make = { name: "mine", slug: "mine" };
        const { json } = yield* send(bob, "key", "POST", "/organizations", make);
        const id = String(at(json, "id"));
        const others = [
          send(bob, "key", "POST", "/organizations", { ...make, slug: "other" }),
          send(bob, "key", "POST", "/organizations?page=2", make),
          send(bob, "key", "POST", `/organizations/${id}/teams`, { name: "mine" }),
          send(bob, "key", "PATCH", `/organizations/${id}`, { name: "mine" }),
        ];
        for (const other of others) {
          const refused = yield* other;
          assert.strictEqual(refused.status, 422, refused.text);
          assert.strictEqual(at(refused.json, "code"), "IDEMPOTENCY_KEY_REUSED");
        }
        const cat = yield* asking("cat");
        assert.strictEqual(
          (yield* send(cat, "key", "POST", "/organizations", { name: "hers", slug: "hers" })).status,
          201,
        );
        assert.isFalse(isReplayed(yield* send(cat, "key-2", "POST", "/organizations", make)));
      }),
    );

    it.effect("IDM-1: a refusal is an answer as any other, and what is no request of the route's is none", () =>
      Effect.gen(function* () {
        const send = yield* sending;
        const dot = yield* asking("dot");
        const make = { name: "dots", slug: "dots" };
        const first = yield* send(dot, undefined, "POST", "/organizations", make);
        const path = `/organizations/${String(at(first.json, "id"))}`;
        const plain = yield* send(dot, undefined, "POST", "/organizations", make);
        const refused = yield* send(dot, "refused", "POST", "/organizations", make);
        assert.strictEqual(refused.status, 409);
        assert.deepStrictEqual(said(refused), said(plain));
        const removed = yield* send(dot, "removed", "DELETE", path);
        assert.strictEqual(removed.status, 204, removed.text);
        // The organization is not there any more, and the answer is that it was removed.
        const again = yield* send(dot, "removed", "DELETE", path);
        assert.isTrue(isReplayed(again));
        assert.deepStrictEqual(said(again), said(removed));
        assert.strictEqual((yield* send(dot, undefined, "DELETE", path)).status, 404);
        assert.deepStrictEqual(said(yield* send(dot, "refused", "POST", "/organizations", make)), said(plain));

        assert.strictEqual((yield* send(dot, "mended", "POST", "/organizations", { name: "mended" })).status, 400);
        const mended = yield* send(dot, "mended", "POST", "/organizations", { name: "mended", slug: "mended" });
        assert.strictEqual(mended.status, 201, mended.text);
      }),
    );

    it.effect("IDM-1: what is no key is refused, and for what changes nothing a key is none", () =>
      Effect.gen(function* () {
        const send = yield* sending;
        const eve = yield* asking("eve");
        for (const key of ["", "a b", '"', '""', '"a', "k".repeat(256), `"${"k".repeat(256)}"`, "a, b", 'a"b']) {
          const { json, status } = yield* send(eve, key, "POST", "/organizations", { name: "x", slug: "x" });
          assert.deepStrictEqual([status, at(json, "code")], [400, "IDEMPOTENCY_KEY_MALFORMED"], key);
        }
        for (const key of ["", "list"]) {
          assert.isFalse(isReplayed(yield* send(eve, key, "GET", "/organizations")));
          assert.strictEqual((yield* send(eve, key, "GET", "/organizations")).status, 200);
        }
        // A key that anybody knows says nothing to who is nobody.
        assert.strictEqual((yield* send({}, "list", "POST", "/organizations", { name: "x", slug: "x" })).status, 401);
      }),
    );

    it.effect("IDM-1: a route that keeps no key refuses one, before anything is done", () =>
      Effect.gen(function* () {
        const send = yield* sending;
        const gil = yield* asking("gil");
        const make = { name: "unkept", slug: "unkept" };
        const path = "/auth/organization/create";
        const refused = yield* send(gil, "key", "POST", path, make);
        assert.deepStrictEqual([refused.status, at(refused.json, "code")], [400, "IDEMPOTENCY_KEY_UNSUPPORTED"]);
        assert.strictEqual(refused.headers.get("content-type"), "application/problem+json");
        assert.strictEqual(yield* called("unkept"), 0);
        const scim = yield* send({}, "key", "POST", "/auth/scim/v2/Users", {});
        assert.deepStrictEqual([scim.status, at(scim.json, "status")], [400, "400"]);
        assert.strictEqual(at(scim.json, "detail"), at(refused.json, "detail"));
        const { url: origin } = yield* Listening;
        const signIn = { email: "gil@example.com", password: IamTest.password };
        assert.strictEqual((yield* send({ origin }, "key", "POST", "/auth/sign-in/email", signIn)).status, 400);
        assert.strictEqual((yield* send({ origin }, undefined, "POST", "/auth/sign-in/email", signIn)).status, 200);
        assert.strictEqual((yield* send({}, "key", "GET", "/auth/ok")).status, 200);
      }),
    );

    it.effect("IDM-1: what is kept is sealed, is forgotten in time, and swept away", () =>
      Effect.gen(function* () {
        const send = yield* sending;
        const { sweep } = yield* Outbox.Outbox;
        const fay = yield* asking("fay");
        const make = send(fay, "canary-key", "POST", "/organizations", { name: "canary", slug: "canary" });
        assert.strictEqual((yield* make).status, 201);
        const rows = yield* asService(
          Effect.flatMap(
            PgClient,
            (client) => client<{ row: string; response: string }>`
            select k::text as row, response from iam_idempotency_keys k`,
          ),
        );
        for (const { response, row } of rows) {
          assert.match(response, /^sealed:1:/);
          assert.notInclude(row, "canary");
        }
        const expire = asService(
          Effect.flatMap(PgClient, (client) => client`update iam_idempotency_keys set expires_at = now()`),
        );
        yield* expire;
        const later = yield* make;
        assert.strictEqual(later.status, 409, "it is made anew, and the name is taken");
        assert.isFalse(isReplayed(later));
        yield* expire;
        yield* sweep;
        const left = yield* asService(Effect.flatMap(PgClient, (client) => client`select from iam_idempotency_keys`));
        assert.lengthOf(left, 0);
      }),
    );
  });
}

const script = fileURLToPath(new URL("../fixtures/idempotency/request.ts", import.meta.url));

layer(onServer, { excludeTestServices: true })("a key and its effect", (it) => {
  it.effect("IDM-1: are there together or not at all", () =>
    Effect.gen(function* () {
      const sql = yield* connect((yield* TestDatabase).adminUrl);
      const send = yield* sending;
      const ann = yield* asking("ann");
      const make = send(ann, "whole", "POST", "/organizations", { name: "whole", slug: "whole" });
      // The answer cannot be kept, when all else is done.
      yield* sql`alter table iam_idempotency_keys add constraint full_disk check (response is null)`;
      assert.strictEqual((yield* make).status, 500);
      assert.strictEqual(yield* called("whole"), 0);
      assert.lengthOf(yield* sql`select from iam_idempotency_keys`, 0);
      yield* sql`alter table iam_idempotency_keys drop constraint full_disk`;
      assert.strictEqual((yield* make).status, 201);
      assert.strictEqual(yield* called("whole"), 1);
    }),
  );

  it.effect(
    "IDM-1: outlive a process that is killed in the middle: the change is made once, by whoever asks again",
    () =>
      Effect.gen(function* () {
        const { adminUrl, appUrl } = yield* TestDatabase;
        const send = yield* sending;
        const bob = yield* asking("bob");
        const { release, waiting } = yield* held(adminUrl);
        const child = spawn(
          process.execPath,
          ["--conditions=@beep/source", script, bob["x-api-key"], "killed", "killed"],
          {
            env: {
              ...process.env,
              DATABASE_URL: Redacted.value(appUrl),
              IAM_RUN_MIGRATIONS: "false",
              IAM_BASE_URL: "http://localhost:3000",
              IAM_SECRET: IamTest.secret,
              IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
            },
            stdio: "inherit",
          },
        );
        const ended = once(child, "close");
        yield* waiting("advisory", 1);
        const again = yield* Effect.forkChild(
          send(bob, "killed", "POST", "/organizations", { name: "killed", slug: "killed" }),
        );
        // In another process, at the row of the first.
        yield* waiting("transactionid", 1);
        child.kill("SIGKILL");
        yield* Effect.promise(() => ended);
        yield* release;
        const answer = yield* Fiber.join(again);
        assert.strictEqual(answer.status, 201, answer.text);
        assert.strictEqual(yield* called("killed"), 1);
        const replayed = yield* send(bob, "killed", "POST", "/organizations", { name: "killed", slug: "killed" });
        assert.isTrue(isReplayed(replayed));
        assert.deepStrictEqual(said(replayed), said(answer));
      }),
  );
});

test("IDM-1: the document has the header for every change of ours, and for nothing else", () => {
  const changes = operations.filter(({ operation }) =>
    operation.parameters.some(({ in: place, name }) => place === "header" && name === "Idempotency-Key"),
  );
  assert.sameMembers(
    changes.map(({ method, path }) => `${method} ${path}`),
    operations.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`),
  );
  assert.isAbove(changes.length, 15);
});
