import { KeyOwner } from "@beep/iam-domain";
import { Secrets, Transaction } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Iam from "./support/iam.ts";
import { json, logged, operator } from "./support/operator.ts";

const entryForm = /^(\d+):[A-Za-z0-9+/]{43}=\n$/;

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect(
    "CRY-2, CRY-3, AUD-2: keys are listed, rotated, wrapped anew, held and destroyed by command, in the operator's name",
    () =>
      Effect.gen(function* () {
        const { seal, openEach } = yield* Secrets.Secrets;
        const { does, environment, refused, run } = yield* operator;
        const ann = yield* IamTest.signedUp("ann");
        const { id: acme } = yield* IamTest.organizationOf(ann, "acme");
        const place = { table: "app_drawers", row: "drawer", column: "content" };
        const values = [KeyOwner.user(ann.id), KeyOwner.organization(acme)].map((owner) => ({
          owner,
          place,
          value: Redacted.make("secret"),
        }));
        const envelopes = yield* Transaction.run(seal(values));
        const found = values.map(({ owner }, index) => ({ owner, place, envelope: envelopes[index] ?? "" }));
        const states = Effect.map(openEach(found), (results) => results.map(({ _tag }) => _tag));

        const listed = yield* does(["keys", "list"]);
        assert.include(listed, `user:${ann.id}`);
        assert.include(listed, `organization:${acme}`);
        const { keys, summary, total } = json(yield* does(["keys", "list", "--owner", ann.email, "--json"]));
        assert.strictEqual(total, 1);
        assert.notInclude(JSON.stringify(keys), "wrapped");
        assert.deepInclude(summary, { keyVersion: "1", retired: 0, destroyed: 0 });

        // A new key-encryption key, for everything.
        const generated = yield* run(["keys", "generate"]);
        assert.strictEqual(entryForm.exec(generated.stdout)?.[1], "2");
        assert.include(generated.stderr, "iam keys rewrap");
        const both = {
          ...environment,
          IAM_KEY_ENCRYPTION_KEYS: `${environment.IAM_KEY_ENCRYPTION_KEYS},${generated.stdout.trim()}`,
        };
        // Of the user, of the organization, and of the installation, under which mail waits.
        const older = yield* Iam.run(["keys", "list"], both);
        assert.match(older.stderr, /3 wrapped by version 1; `iam keys rewrap` wraps them by 2\./);
        const rewrapped = yield* Iam.run(["keys", "rewrap", "--json"], both);
        assert.deepInclude(json(rewrapped.stdout), { keyVersion: "2", rewrapped: 3, resealed: 0, failed: [], left: 0 });
        assert.match((yield* Iam.run(["keys", "rewrap"], both)).stdout, /^Wrapped by +version 2\n/);
        yield* refused(["keys", "list"], /version 2.*IAM_KEY_ENCRYPTION_KEYS.*\[KEY_ENCRYPTION_KEY_MISSING\]/);
        const withBoth = (args: ReadonlyArray<string>) => Iam.run(["keys", ...args], both);
        const refusedWithBoth = Effect.fnUntraced(function* (args: ReadonlyArray<string>, line: RegExp) {
          const { code, stderr } = yield* withBoth(args);
          assert.strictEqual(code, 1);
          assert.match(stderr, line);
        });

        assert.match((yield* withBoth(["rotate", "acme"])).stdout, /^datakey_\w{26}\n$/);
        assert.match((yield* withBoth(["list"])).stderr, /1 retired/);

        const held = yield* withBoth(["hold", ann.email, "--reason", "Case 4711", "--as", ann.email]);
        const [hold = ""] = /^legalhold_\w{26}(?=\n$)/.exec(held.stdout) ?? [];
        assert.include((yield* withBoth(["list"])).stdout, "Case 4711");
        yield* refusedWithBoth(["destroy", ann.id], /--for-good/);
        yield* refusedWithBoth(
          ["destroy", ann.id, "--for-good"],
          new RegExp(`${hold}.*iam keys release.*\\[KEY_HELD\\]`),
        );
        yield* withBoth(["release", hold]);
        yield* refusedWithBoth(["release", hold], /iam keys list.*\[HOLD_NOT_FOUND\]/);
        yield* refusedWithBoth(["destroy", "installation", "--for-good"], /iam keys rotate.*\[KEY_OF_INSTALLATION\]/);
        yield* refusedWithBoth(["rotate", "case-file:7"], /\[KEY_MISSING\]/);
        yield* refusedWithBoth(["rotate", "nobody@example.com"], /iam user list.*\[USER_NOT_FOUND\]/);

        const destroyed = yield* withBoth(["destroy", ann.id, "--for-good"]);
        assert.deepInclude(destroyed, { code: 0, stderr: `What was sealed for user:${ann.id} is unreadable.\n` });
        assert.strictEqual((yield* states)[0], "Failure");
        yield* refusedWithBoth(["rotate", ann.email], /\[KEY_DESTROYED\]/);
        assert.include((yield* withBoth(["list", "--owner", ann.id])).stdout, "destroyed");
        assert.includeMembers(yield* logged, [
          "datakey.created Keys.rotate operator",
          "datakey.updated Keys.rotate operator",
          "datakey.updated Keys.destroy operator",
          `legalhold.created Keys.hold ${ann.id}`,
          "legalhold.updated Keys.release operator",
        ]);
      }).pipe(Effect.scoped),
    180_000,
  );
});
