/** What an operator does with organizations. */
import { Auth } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, freePort, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Iam from "./support/iam.ts";
import { mailTo } from "./support/mail.ts";
import { json, logged, operator } from "./support/operator.ts";

const idOf = Schema.decodeUnknownEffect(SharedEntityIds.OrganizationId);

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "AUTH-9, AUD-2: an operator makes organizations, invites and removes members",
    () =>
      Effect.gen(function* () {
        const { dataDir, does, environment, refused } = yield* operator;
        const ann = yield* IamTest.signedUp("ann");
        const acme = ["org", "create", "acme", "--name", "Acme Ltd", "--owner", ann.email];
        const created = json(yield* does([...acme, "--json"]));
        assert.deepInclude(created, { slug: "acme", name: "Acme Ltd", owner: ann.email });
        yield* refused(acme, /\[ORGANIZATION_ALREADY_EXISTS\]/);
        assert.match(
          yield* does(["org", "list"]),
          /^SLUG +NAME +MEMBERS +SINCE +SUSPENDED\nacme +Acme Ltd +1 +\d{4}-\d\d-\d\d *\n$/,
        );

        const id = (yield* does(["org", "invite", "acme", "bob@example.com", "--role", "admin"])).trim();
        assert.match(id, /^invitation_\w{26}$/);
        // In the name of the owner, and sent to who is invited.
        const mail = yield* Effect.promise(() => mailTo(dataDir, "bob@example.com", "ann invites you to Acme Ltd"));
        assert.include(mail, id);
        yield* refused(
          ["org", "invite", "acme", "bob@example.com"],
          /\[USER_IS_ALREADY_INVITED_TO_THIS_ORGANIZATION\]/,
        );
        assert.strictEqual((yield* does(["org", "invite", "acme", "bob@example.com", "--resend"])).trim(), id);

        const dan = ["org", "invite", "acme", "dan@example.com"];
        const unreachable = `smtp://127.0.0.1:${yield* freePort}`;
        const unsent = yield* Iam.run(dan, { ...environment, IAM_SMTP_URL: unreachable });
        assert.strictEqual(unsent.code, 1);
        assert.match(
          unsent.stderr,
          /\niam: The invitation was made, but the mail was not sent\. .*IAM_SMTP_URL.* --resend`\. \[MAIL_FAILED\]\n$/,
        );
        assert.strictEqual(yield* does([...dan, "--resend"]), unsent.stdout);

        // What could not be sent is left for a server, which would send it in between here.
        const sql = yield* connect((yield* TestDatabase).adminUrl);
        yield* sql`delete from iam_outbox_messages`;
        const bob = yield* IamTest.signedUp("bob");
        const { api } = yield* Auth.Auth;
        yield* api.addMember({ body: { userId: bob.id, role: "member", organizationId: yield* idOf(created.id) } });
        const members = yield* does(["org", "members", String(created.id)]);
        assert.match(members, /ann@example\.com +ann +owner +.*\nbob@example\.com +bob +member/);
        yield* does(["org", "remove-member", "acme", bob.email]);
        assert.notInclude(yield* does(["org", "members", "acme"]), bob.email);
        yield* refused(
          ["org", "remove-member", "acme", ann.email],
          /\[YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER\]/,
        );
        // Whoever does not belong to it has nothing to say there.
        yield* refused(["org", "invite", "acme", "cat@example.com", "--as", bob.email], /\[ORGANIZATION_NOT_FOUND\]/);
        // Who is suspended is let in by nobody, and to whom it belongs finds everything again.
        yield* does(["org", "suspend", "acme"]);
        yield* refused(["org", "members", "acme"], /\[ORGANIZATION_NOT_FOUND\]/);
        assert.includeMembers(yield* logged, [
          "organization.created /organization/create operator",
          "organization.updated Organizations.suspend operator",
          `invitation.created /organization/invite-member ${ann.id}`,
        ]);
        assert.match(yield* does(["org", "list"]), /\nacme .* \d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d\n$/);
        yield* does(["org", "resume", "acme"]);
        assert.include(yield* does(["org", "members", "acme"]), ann.email);
        yield* refused(["org", "suspend", "none"], /iam org list.*\[ORGANIZATION_NOT_FOUND\]/);
        yield* refused(["org", "members", "none"], /iam org list.*\[ORGANIZATION_NOT_FOUND\]/);
        yield* refused(
          ["org", "create", "other", "--owner", "nobody@example.com"],
          /iam user list.*\[USER_NOT_FOUND\]/,
        );
      }).pipe(Effect.scoped),
    120_000,
  );
});
