import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Mailer } from "@beep/iam-server";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-mail-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
);

const link = `https://iam.example/api/auth/verify-email?token=${"x".repeat(300)}&callbackURL=/`;

describe("AUTH-7: development mail", () => {
  it.effect("is a message (RFC 5322) whose link is in one piece", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const mailer = yield* Effect.provide(Mailer.Mailer, Mailer.layerFolder({ folder: path, from: "iam@localhost" }));
      yield* mailer.send({ to: "zoë@example.com", subject: "Bestätigen", text: `Grüße,\n\n${link}\n` });
      yield* mailer.send({ to: "bob@example.com", subject: "Second", text: "2" });

      const names = (yield* Effect.promise(() => readdir(path))).toSorted();
      assert.lengthOf(names, 2);
      const [first, second] = yield* Effect.promise(() =>
        Promise.all(names.map((name) => readFile(join(path, name), "utf8"))),
      );
      assert.include(second, "To: bob@example.com");
      const [head = "", ...body] = (first ?? "").split("\n\n");
      assert.match(head, /^Subject: =\?UTF-8\?/m);
      assert.match(head, /^Content-Type: text\/plain; charset=utf-8$/m);
      assert.match(head, /^Content-Transfer-Encoding: 8bit$/m);
      assert.strictEqual(body.join("\n\n"), `Grüße,\n\n${link}\n`);
    }),
  );

  it.effect("that cannot be written is a typed error", () =>
    Effect.gen(function* () {
      const layer = Mailer.layerFolder({ folder: "/dev/null/mail", from: "iam@localhost" });
      const mailer = yield* Effect.provide(Mailer.Mailer, layer);
      const error = yield* Effect.flip(mailer.send({ to: "a@example.com", subject: "s", text: "t" }));
      assert.strictEqual(error.code, "MAIL_FAILED");
    }),
  );
});
