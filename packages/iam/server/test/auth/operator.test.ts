/** What is done in a user's name without the user, and what operators do by hand. */
import { Auth, IamDb, Operator, Tenancy, Transaction } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq } from "drizzle-orm";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Option from "effect/Option";
import * as Predicate from "effect/Predicate";
import { asService } from "../../src/tenancy/asService.ts";

/** An administrator, made without a session as the first one is. */
const administrator = Effect.fnUntraced(function* (name: string) {
  const { api } = yield* Auth.Auth;
  const { user } = yield* api.createUser({ body: { name, email: `${name}@example.com`, role: "admin" } });
  return user;
});

const codeOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(effect), (error) => (Predicate.hasProperty(error, "code") ? error.code : error));

for (const database of IamTest.serverAndEmbedded) {
  layer(database.layer, { excludeTestServices: true })(`on ${database.name}`, (it) => {
    it.effect("AUTH-9: a user is acted as under Better Auth's own rules, and the session is gone afterwards", () =>
      Effect.gen(function* () {
        const auth = yield* Auth.Auth;
        const ada = yield* administrator("ada");
        const ann = yield* IamTest.signedUp("ann");

        const headers = yield* auth.actingAs(ada.id)((headers) =>
          Effect.gen(function* () {
            assert.strictEqual(Option.getOrThrow(yield* auth.session(headers)).user.id, ada.id);
            yield* auth.api.banUser({ headers, body: { userId: ann.id, banReason: "spam" } });
            return headers;
          }),
        );
        assert.isTrue(Option.isNone(yield* auth.session(headers)));
        assert.isTrue(Option.isNone(yield* auth.session(ann.headers)));

        // Who is banned cannot be acted as, and who is no administrator may not.
        assert.strictEqual(yield* codeOf(auth.actingAs(ann.id)(() => Effect.void)), "BANNED_USER");
        const bob = yield* IamTest.signedUp("bob");
        const refused = auth.actingAs(bob.id)((headers) => auth.api.unbanUser({ headers, body: { userId: ann.id } }));
        assert.strictEqual(yield* codeOf(refused), "YOU_ARE_NOT_ALLOWED_TO_BAN_USERS");
        assert.isTrue(Option.isSome(yield* auth.session(bob.headers)));
      }),
    );

    it.effect("AUTH-9: what fails, dies or is interrupted while a user is acted as is undone, the session too", () =>
      Effect.gen(function* () {
        const auth = yield* Auth.Auth;
        const operator = yield* Operator.Operator;
        const eve = yield* administrator("eve");
        const tom = yield* IamTest.signedUp("tom");
        const began = yield* Deferred.make<Headers>();
        const banning = (then: Effect.Effect<never, string>) =>
          auth.actingAs(eve.id)((headers) =>
            auth.api
              .banUser({ headers, body: { userId: tom.id } })
              .pipe(Effect.andThen(Deferred.succeed(began, headers)), Effect.andThen(then)),
          );
        assert.isTrue(Exit.isFailure(yield* Effect.exit(banning(Effect.fail("no")))));
        assert.isTrue(Exit.isFailure(yield* Effect.exit(banning(Effect.die("no")))));
        yield* banning(Effect.never).pipe(Effect.timeout("200 millis"), Effect.exit);
        assert.isTrue(Option.isNone(yield* auth.session(yield* Deferred.await(began))));
        assert.isTrue(Option.isSome(yield* auth.session(tom.headers)));
        assert.isFalse((yield* operator.user(tom.email)).banned);
      }),
    );

    it.effect("AUTH-9: inside a transaction it is part of it, and leaves the caller's scope as it was", () =>
      Effect.gen(function* () {
        const auth = yield* Auth.Auth;
        const { db } = yield* IamDb.IamDb;
        const operator = yield* Operator.Operator;
        const ivy = yield* IamTest.signedUp("ivy");
        const acme = yield* IamTest.organizationOf(ivy, "acme");
        const members = db.select({ id: IamDbSchema.member.id }).from(IamDbSchema.member);
        const renamed = Tenancy.within(acme.id)(
          auth.actingAs(ivy.id)((headers) =>
            Effect.gen(function* () {
              assert.lengthOf(yield* members, 1);
              yield* auth.api.updateOrganization({ headers, body: { data: { name: "New" }, organizationId: acme.id } });
              // The service's own role is not lent out.
              assert.lengthOf(yield* members, 1);
            }),
          ),
        );
        yield* Effect.exit(Transaction.run(Effect.andThen(renamed, Effect.fail("no"))));
        assert.strictEqual((yield* operator.organization("acme")).name, "acme");
        yield* Transaction.run(renamed);
        assert.strictEqual((yield* operator.organization("acme")).name, "New");
        assert.lengthOf(yield* auth.actingAs(ivy.id)(() => members), 0);
      }),
    );

    it.effect("AUTH-9: a key that is rotated keeps what it may, and the old one is refused", () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const operator = yield* Operator.Operator;
        const kim = yield* IamTest.signedUp("kim");
        const labs = yield* IamTest.organizationOf(kim, "labs");
        const limits = {
          rateLimitMax: 5,
          rateLimitTimeWindow: 60_000,
          remaining: 7,
          refillAmount: 7,
          refillInterval: 9,
        };
        const rest = { name: "build", prefix: "ci_", expiresIn: 86_400, permissions: { files: ["read"] }, ...limits };
        const owners = [
          { configId: "default", userId: kim.id },
          { configId: "organization", organizationId: labs.id, userId: kim.id },
        ] as const;
        for (const owner of owners) {
          const { configId } = owner;
          const old = yield* api.createApiKey({ body: { ...owner, ...rest } });
          const rotated = yield* operator.rotateApiKey(old.id);
          const kept = ["name", "prefix", "referenceId", "configId", "permissions", "rateLimitEnabled"] as const;
          for (const field of [...kept, "rateLimitMax", "rateLimitTimeWindow", "refillAmount", "remaining"] as const) {
            assert.deepStrictEqual(rotated[field], old[field], field);
          }
          const lifetime = (rotated.expiresAt?.getTime() ?? 0) - rotated.createdAt.getTime();
          assert.approximately(lifetime, 86_400_000, 1000);
          assert.isTrue((yield* api.verifyApiKey({ body: { configId, key: rotated.key } })).valid);
          assert.isFalse((yield* api.verifyApiKey({ body: { configId, key: old.key } })).valid);
          assert.strictEqual(yield* codeOf(operator.rotateApiKey(old.id)), "KEY_NOT_FOUND");
          yield* operator.revokeApiKey(rotated.id);
          assert.isFalse((yield* api.verifyApiKey({ body: { configId, key: rotated.key } })).valid);
          assert.lengthOf(yield* operator.apiKeys(rotated.configId === "default" ? kim.id : labs.id), 0);
        }
        // A key that is over comes to no new life, nor one that is switched off.
        const { db } = yield* IamDb.IamDb;
        const ended = {
          KEY_EXPIRED: { expiresAt: new Date(Date.now() - 1_000) },
          KEY_DISABLED: { enabled: false },
        };
        for (const [code, change] of Object.entries(ended)) {
          const over = yield* api.createApiKey({ body: owners[0] });
          yield* asService(db.update(IamDbSchema.apiKey).set(change).where(eq(IamDbSchema.apiKey.id, over.id)));
          assert.strictEqual(yield* codeOf(operator.rotateApiKey(over.id)), code);
        }
        // Nothing is half done: without an owner there is no new key, and the old one stays.
        const key = yield* api.createApiKey({ body: { ...owners[1], name: "stays" } });
        const ada = yield* administrator("ada-of-keys");
        yield* (yield* Auth.Auth).actingAs(ada.id)((headers) => api.banUser({ headers, body: { userId: kim.id } }));
        assert.strictEqual(yield* codeOf(operator.rotateApiKey(key.id)), "MEMBER_NOT_FOUND");
        assert.isTrue((yield* api.verifyApiKey({ body: { configId: "organization", key: key.key } })).valid);
        assert.strictEqual(yield* codeOf(operator.revokeApiKey("apikey_none")), "KEY_NOT_FOUND");
      }),
    );

    it.effect("AUTH-9: things are found by the names that people have for them", () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const operator = yield* Operator.Operator;
        const zoe = yield* IamTest.signedUp("zoe");
        const { id } = yield* IamTest.organizationOf(zoe, "zoo_1");
        assert.strictEqual((yield* operator.user("ZOE@example.com")).id, zoe.id);
        assert.strictEqual((yield* operator.user(zoe.id)).email, zoe.email);
        assert.strictEqual((yield* operator.organization(id)).slug, "zoo_1");
        assert.deepInclude((yield* operator.memberships(zoe.id))[0], { id, slug: "zoo_1", role: "owner" });
        assert.strictEqual((yield* operator.owner(id)).id, zoe.id);
        const { organizations, total } = yield* operator.organizations({ search: "ZOO_", limit: 1, offset: 0 });
        assert.deepStrictEqual([organizations.map(({ slug, members }) => [slug, members]), total], [[["zoo_1", 1]], 1]);
        assert.strictEqual((yield* operator.organizations({ search: "zoo%", limit: 1, offset: 0 })).total, 0);
        assert.strictEqual(yield* operator.countUsersUnlike("%@example.com"), 0);
        assert.isAbove(yield* operator.countUsersUnlike("zoe%"), 0);
        assert.strictEqual(yield* codeOf(operator.user("nobody@example.com")), "USER_NOT_FOUND");
        assert.strictEqual(yield* codeOf(operator.organization("none")), "ORGANIZATION_NOT_FOUND");
        const { user } = yield* api.createUser({ body: { name: "N", email: "n@example.com" } });
        assert.strictEqual(yield* codeOf(operator.rotateApiKey(user.id)), "KEY_NOT_FOUND");
      }),
    );
  });
}

layer(IamTest.postgres(), { excludeTestServices: true })("on a server", (it) => {
  it.effect("AUTH-9: no other connection ever sees the session of who is acted as", () =>
    Effect.gen(function* () {
      const auth = yield* Auth.Auth;
      const operator = yield* Operator.Operator;
      assert.strictEqual(yield* codeOf(operator.administrator), "ADMINISTRATOR_MISSING");
      const ada = yield* administrator("ada");
      yield* administrator("later");
      assert.strictEqual((yield* operator.administrator).id, ada.id);
      const admin = yield* connect((yield* TestDatabase).adminUrl);
      const sessions = Effect.map(admin`select 1 from iam_sessions`, ({ length }) => length);
      const elsewhere = yield* Deferred.make<Headers>();
      const looked = yield* Deferred.make<void>();
      const acting = yield* Effect.forkChild(
        auth.actingAs(ada.id)((headers) =>
          Effect.gen(function* () {
            assert.isTrue(Option.isSome(yield* auth.session(headers)));
            yield* Deferred.succeed(elsewhere, headers);
            yield* Deferred.await(looked);
          }),
        ),
      );
      const headers = yield* Deferred.await(elsewhere);
      // From the superuser's connection, and from another of the service's own.
      assert.strictEqual(yield* sessions, 0);
      assert.isTrue(Option.isNone(yield* auth.session(headers)));
      yield* Deferred.succeed(looked, undefined);
      yield* Fiber.join(acting);
      assert.strictEqual(yield* sessions, 0);
    }),
  );

  it.effect("AUTH-9: of two rotations of a key at once one makes a new key", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const operator = yield* Operator.Operator;
      const lea = yield* IamTest.signedUp("lea");
      const { id } = yield* api.createApiKey({ body: { userId: lea.id } });
      const rotations = yield* Effect.forEach([1, 2, 3], () => Effect.exit(operator.rotateApiKey(id)), {
        concurrency: "unbounded",
      });
      assert.lengthOf(rotations.filter(Exit.isSuccess), 1);
      assert.lengthOf(yield* operator.apiKeys(lea.id), 1);
    }),
  );
});
