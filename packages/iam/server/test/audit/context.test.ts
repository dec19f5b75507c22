/** What events say of who, where and why, without anybody who writes having to think of it. */
import { Auth, IamDb, Teams, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { CurrentActor } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { asService } from "../../src/tenancy/asService.ts";
import { as, organizationOf, person } from "../organizations/people.ts";

interface Said {
  readonly action: string;
  readonly context: Readonly<Record<string, string>> | null;
  readonly login: string;
}

/** The events since those that were there, in the order in which they were recorded. */
const since = Effect.fnUntraced(function* (before: number) {
  const client = yield* PgClient;
  const all = yield* asService(
    client<Said>`select action, context, login from iam_audit_events order by horizon, running desc, transaction, number`,
  );
  return all.slice(before);
});

const counted = Effect.map(since(0), (all) => all.length);

const post = (path: string, headers: Headers, body: unknown, agent = "browser") =>
  new Request(`http://localhost:3000/api/auth${path}`, {
    method: "POST",
    headers: { ...Object.fromEntries(headers), "content-type": "application/json", "user-agent": agent },
    body: JSON.stringify(body),
  });

for (const database of IamTest.serverAndEmbedded) {
  layer(database.layer)(`on ${database.name}`, (it) => {
    it.effect("AUD-2: a change by a service says who made it, by which operation, and in which trace", () =>
      Effect.gen(function* () {
        const teams = yield* Teams.Teams;
        const ann = yield* person("ann");
        const before = yield* counted;
        const { id } = yield* organizationOf(ann, "acme");
        yield* as(ann, id)(teams.create({ name: "Night" }));
        const said = yield* since(before);
        assert.deepStrictEqual(
          said.map(({ action, context }) => [action, context?.actor, context?.intent]),
          [
            ["organization.created", ann.id, "Organizations.create"],
            ["team.created", ann.id, "Organizations.create"],
            ["teammember.created", ann.id, "Organizations.create"],
            ["member.created", ann.id, "Organizations.create"],
            ["session.updated", ann.id, "Organizations.create"],
            ["team.created", ann.id, "Teams.create"],
          ],
        );
        assert.isTrue(said.every(({ context }) => /^[0-9a-f]{32}$/.test(context?.trace ?? "")));
      }),
    );

    it.effect(
      "AUD-2: a request to Better Auth's routes says whose session it has, its route, and digests of its origin",
      () =>
        Effect.gen(function* () {
          const { handler } = yield* Auth.Auth;
          const bob = yield* IamTest.signedUp("bob");
          const before = yield* counted;
          const from = (address: string) => (request: Request) => handler(request, address);
          yield* from("203.0.113.7")(post("/update-user", bob.headers, { name: "Bob II" }));
          yield* from("203.0.113.7")(post("/update-user", bob.headers, { name: "Bob III" }, "another browser"));
          yield* from("203.0.113.8")(post("/update-user", bob.headers, { name: "Bob IV" }));
          const said = (yield* since(before)).filter(({ action }) => action === "user.updated");
          assert.deepStrictEqual(
            said.map(({ context }) => [context?.actor, context?.intent]),
            said.map(() => [bob.id, "/update-user"]),
          );
          const [first, second, third] = said.map(({ context }) => context);
          assert.strictEqual(first?.address, second?.address);
          assert.notStrictEqual(first?.agent, second?.agent);
          assert.notStrictEqual(first?.address, third?.address);
          assert.strictEqual(first?.agent, third?.agent);
          assert.notInclude(JSON.stringify(said), "203.0.113");
        }),
    );

    it.effect(
      "AUD-2: nothing that a flow writes is without a context, and of a secret link only the route is told",
      () =>
        Effect.gen(function* () {
          const before = yield* counted;
          yield* IamTest.signedUp("cat");
          const said = yield* since(before);
          assert.deepStrictEqual(
            said.filter(({ context }) => context === null).map(({ action }) => action),
            [],
          );
          assert.includeMembers(
            said.map(({ context }) => context?.intent),
            ["/sign-up/email", "/verify-email", "/sign-in/email"],
          );
        }),
    );

    it.effect("AUD-2: who acts is told anew within a transaction, and a savepoint that is undone is forgotten", () =>
      Effect.gen(function* () {
        const { db } = yield* IamDb.IamDb;
        const ann = yield* person("dora");
        const { id } = yield* organizationOf(ann, "tell");
        const { api } = yield* Auth.Auth;
        const before = yield* counted;
        const system = (name: string) => Effect.provideService(CurrentActor, { _tag: "System", name } as const);
        const named = (name: string) => db.insert(IamDbSchema.team).values({ name });
        yield* Tenancy.within(id)(
          Effect.gen(function* () {
            yield* named("one");
            yield* Effect.ignore(
              asService(
                Effect.andThen(api.createUser({ body: { name: "x", email: "x@example.com" } }), Effect.fail("undone")),
              ).pipe(system("second")),
            );
            yield* named("two");
          }),
        ).pipe(system("first"));
        assert.deepStrictEqual(
          (yield* since(before)).map(({ action, context }) => [action, context?.actor]),
          [
            ["team.created", "first"],
            ["team.created", "first"],
          ],
        );
      }),
    );
  });
}

layer(IamTest.postgres())("on PostgreSQL", (it) => {
  it.effect("AUD-6: a write around the services is an event without a context, under the login that made it", () =>
    Effect.gen(function* () {
      const { appUrl } = yield* TestDatabase;
      const ann = yield* person("ann");
      yield* organizationOf(ann, "around");
      const before = yield* counted;
      const client = yield* connect(appUrl);
      yield* client.withTransaction(
        Effect.andThen(
          client`select set_config('role', 'iam_service', true)`,
          client`update iam_organizations set name = 'Around'`,
        ),
      );
      const said = yield* since(before);
      assert.deepStrictEqual(
        said.map(({ action, context, login }) => [action, context, login]),
        [["organization.updated", null, "iam_app"]],
      );
    }).pipe(Effect.scoped),
  );
});
