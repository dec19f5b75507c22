/** What an operator does with directories. */
import { Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Iam from "./support/iam.ts";
import { json, operator } from "./support/operator.ts";

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "DIR-1: a directory's token is printed once and alone; what is revoked or ended is refused",
    () =>
      Effect.gen(function* () {
        const { api, handler } = yield* Auth.Auth;
        const { environment } = yield* operator;
        const { user } = yield* api.createUser({ body: { name: "Ann", email: "ann@example.com" } });
        yield* api.createOrganization({ body: { name: "Acme", slug: "acme", userId: user.id } });
        const run = (...args: ReadonlyArray<string>) =>
          Iam.run(["scim", ...args], { ...environment, IAM_PLUGINS: "scim" });
        const does = (...args: ReadonlyArray<string>) =>
          Effect.map(run(...args), (ended) => {
            assert.strictEqual(ended.code, 0, ended.stderr);
            return ended;
          });
        const statusOf = (token: string, method = "GET") =>
          Effect.map(
            handler(
              new Request("http://localhost:3000/api/auth/scim/v2/Users", {
                method,
                headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
                ...(method === "POST" && { body }),
              }),
            ),
            ({ status }) => status,
          );

        const body = JSON.stringify({
          schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
          userName: "bob@example.com",
        });
        const created = yield* does("create", "--org", "acme");
        assert.match(created.stdout, /^ba_scim_credential_[\w-]{32}\.[\w-]{48}\n$/);
        assert.include(created.stderr, "/api/auth/scim/v2");
        const token = created.stdout.trim();
        const [credential = ""] = token.split(".");
        assert.strictEqual(yield* statusOf(token), 200);
        assert.strictEqual(yield* statusOf(token, "POST"), 201);

        const { stdout: listed } = yield* does("list", "--org", "acme", "--json");
        assert.notInclude(listed, token);
        const [connection = ""] = /ba_scim_connection_[\w-]+/.exec(listed) ?? [];
        assert.include((yield* does("list", "--org", "acme")).stdout, credential);

        const rotated = yield* does(
          "rotate",
          "--org",
          "acme",
          connection,
          "--read-only",
          "--expires-in",
          "1 hour",
          "--json",
        );
        const reader = String(json(rotated.stdout).token);
        assert.deepStrictEqual(
          [yield* statusOf(token), yield* statusOf(reader), yield* statusOf(reader, "POST")],
          [200, 200, 403],
        );
        yield* does("revoke", "--org", "acme", credential);
        assert.deepStrictEqual([yield* statusOf(token), yield* statusOf(reader)], [401, 200]);
        yield* does("end", "--org", "acme", connection);
        assert.strictEqual(yield* statusOf(reader), 401);

        for (const [args, line] of [
          [["revoke", "--org", "acme", "nonsense"], /no credential "nonsense".*\[NOT_FOUND\]/],
          [["rotate", "--org", "acme", connection], /not active.*\[CONFLICT\]/],
          [["list", "--org", "nobody"], /\[ORGANIZATION_NOT_FOUND\]/],
        ] as const) {
          const { code, stderr, stdout } = yield* run(...args);
          assert.match(stderr, line);
          assert.deepStrictEqual([code, stdout], [1, ""]);
        }
        const { stderr } = yield* Iam.run(["scim", "list", "--org", "acme"], environment);
        assert.match(stderr, /IAM_PLUGINS.*\[PLUGIN_NOT_ENABLED\]/);
      }).pipe(Effect.scoped),
    120_000,
  );
});
