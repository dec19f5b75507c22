/** Changes that are there as a whole, or not at all, wherever the database fails; and the mail that speaks of them. */
import { Auth } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { type Answer, administrator, database, granted, organizationOf, signedUp, text } from "./browser.ts";
import { without } from "./control.ts";
import * as Faults from "./faults.ts";
import { codeNow } from "./totp.ts";

const superuser = Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));

layer(database, { excludeTestServices: true })("a change that fails", (it) => {
  it.effect("AUTH-8: leaves nothing, whichever of its writes it fails at", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const mailbox = yield* IamTest.Mailbox;
      const ann = yield* signedUp("ann");
      const bob = yield* signedUp("bob");
      const cat = yield* signedUp("cat");
      const root = yield* administrator("root");
      yield* Faults.set(sql);

      /** The body with which the operation answers once nothing fails. */
      const fail = Effect.fnUntraced(function* (atLeast: number, operation: Effect.Effect<Answer>) {
        let body: unknown;
        const outcome = yield* Faults.atEachWrite(
          sql,
          Effect.tap(operation, (answer) => Effect.sync(() => (body = answer.body))),
        );
        assert.strictEqual(outcome.status, 200, JSON.stringify(body));
        assert.deepStrictEqual(outcome.left, []);
        assert.isAtLeast(outcome.writes, atLeast);
        return body;
      });

      // The organization, its owner, its team, the team's member and count, and what is active in the session.
      const organizationId = text(
        yield* fail(7, ann.post("/organization/create", { name: "Acme", slug: "acme" })),
        "id",
      );
      const team = yield* fail(1, ann.post("/organization/create-team", { name: "Night", organizationId }));
      const teamId = text(team, "id");
      const invite = (person: { readonly email: string }, role: string) =>
        ann.post("/organization/invite-member", { email: person.email, role, organizationId, teamId });
      const invitationId = text(yield* fail(1, invite(bob, "member")), "id");
      const accepted = yield* fail(6, bob.post("/organization/accept-invitation", { invitationId }));
      const memberIdOrEmail = text(accepted, "member", "id");
      yield* fail(3, ann.post("/organization/remove-member", { memberIdOrEmail, organizationId }));
      yield* fail(1, invite(cat, "member"));
      yield* fail(2, ann.post("/organization/remove-team", { teamId, organizationId }));
      yield* fail(5, ann.post("/organization/delete", { organizationId }));

      const password = IamTest.password;
      yield* fail(2, bob.post("/sign-up/email", { name: "Dan", email: "dan@example.com", password }));
      const change = { currentPassword: password, newPassword: password, revokeOtherSessions: true };
      yield* fail(3, cat.post("/change-password", change));
      yield* fail(2, root.post("/admin/create-user", { name: "Eve", email: "eve@example.com", password }));
      yield* fail(2, root.post("/admin/ban-user", { userId: bob.id }));
      yield* fail(2, root.post("/admin/update-user", { userId: cat.id, data: { banned: true } }));
      yield* fail(2, root.post("/admin/remove-user", { userId: cat.id }));

      // A second factor that is on for the user but unproven, or off but still there, would lock its owner out.
      const enabling = granted(yield* ann.post("/two-factor/enable", { password }));
      const code = codeNow(text(enabling, "totpURI"));
      yield* fail(2, ann.post("/two-factor/verify-totp", { code }));
      yield* fail(2, ann.post("/two-factor/disable", { password }));

      // The invitations, one each: what was tried in vain was not announced. And the sign-up.
      const announced = [yield* mailbox.next, yield* mailbox.next, yield* mailbox.next];
      assert.deepStrictEqual(
        announced.map(({ to }) => to),
        [bob.email, cat.email, "dan@example.com"],
      );
    }),
  );
});

layer(database, { excludeTestServices: true })("without the transaction", (it) => {
  it.effect("AUTH-8: creating an organization would leave parts of it", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const ann = yield* Effect.provideServiceEffect(signedUp("ann"), Auth.Auth, without("transactions"));
      yield* Faults.set(sql);
      let round = 0;
      const { left, writes } = yield* Faults.atEachWrite(
        sql,
        Effect.suspend(() => ann.post("/organization/create", { name: "Acme", slug: `acme-${round++}` })),
      );
      assert.deepStrictEqual(left[0], { write: 2, tables: ["iam_audit_events", "iam_organizations"] });
      assert.lengthOf(left, writes - 1);
    }),
  );
});

layer(database, { excludeTestServices: true })("mail", (it) => {
  it.effect("AUTH-7: is sent when its change is committed, and not when it is rolled back", () =>
    Effect.gen(function* () {
      const client = yield* PgClient;
      const { api } = yield* Auth.Auth;
      const mailbox = yield* IamTest.Mailbox;
      const sql = yield* superuser;
      const signUp = (name: string) =>
        api.signUpEmail({ body: { name, email: `${name}@example.com`, password: IamTest.password } });
      const next = Effect.map(Effect.timeoutOption(mailbox.next, "100 millis"), (mail) =>
        mail._tag === "Some" ? mail.value.to : undefined,
      );

      const failed = yield* Effect.exit(client.withTransaction(Effect.andThen(signUp("ghost"), Effect.fail("no"))));
      assert.isTrue(Exit.isFailure(failed));
      assert.isUndefined(yield* next);
      assert.deepStrictEqual(yield* sql`select email from iam_users`, []);

      yield* client.withTransaction(
        Effect.gen(function* () {
          yield* signUp("real");
          assert.isUndefined(yield* next);
          // A part of the change that is undone takes its mail with it.
          yield* Effect.exit(client.withTransaction(Effect.andThen(signUp("part"), Effect.fail("no"))));
        }),
      );
      assert.deepStrictEqual([yield* next, yield* next], ["real@example.com", undefined]);
      assert.deepStrictEqual(yield* sql`select email from iam_users`, [{ email: "real@example.com" }]);
    }),
  );

  it.effect("AUTH-7: of an invitation waits for the organization's transaction too", () =>
    Effect.gen(function* () {
      const client = yield* PgClient;
      const { api } = yield* Auth.Auth;
      const mailbox = yield* IamTest.Mailbox;
      const ann = yield* signedUp("ann");
      yield* organizationOf(ann, "acme");
      const invite = (email: string) =>
        api.createInvitation({ headers: ann.headers(), body: { email, role: "member" } });
      yield* Effect.exit(client.withTransaction(Effect.andThen(invite("ghost@example.com"), Effect.fail("no"))));
      yield* client.withTransaction(invite("real@example.com"));
      assert.strictEqual((yield* mailbox.next).to, "real@example.com");
    }),
  );
});
