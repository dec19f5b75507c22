import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Auth, Iam, IamDb, KeyManagement, Mailer } from "@beep/iam-server";
import { IamTest, TestDatabase } from "@beep/testing";
import { assert, describe, it, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { smtpServer } from "./smtp.ts";

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

  it.effect("has both forms, where a text has them", () =>
    Effect.gen(function* () {
      const path = yield* folder;
      const mailer = yield* Effect.provide(Mailer.Mailer, Mailer.layerFolder({ folder: path, from: "iam@localhost" }));
      yield* mailer.send({ to: "bob@example.com", subject: "Both", text: "plain", html: "<p>rich</p>" });
      const [name = ""] = yield* Effect.promise(() => readdir(path));
      const file = yield* Effect.promise(() => readFile(join(path, name), "utf8"));
      assert.match(file, /^Content-Type: multipart\/alternative/m);
      assert.include(file, "plain");
      assert.include(file, "<p>rich</p>");
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

/** A mailer for a server on this machine, until the test's scope closes. */
const mailerTo = (url: string) =>
  Effect.map(
    Layer.build(Mailer.layerSmtp({ url: Redacted.make(url), from: "Iam <iam@example.com>" })),
    Context.get(Mailer.Mailer),
  );

const message = { to: "bob@example.com", subject: "Hello", text: "Hello.\n" };

/** Sends what must not be accepted. Gives the reason, as the log has it. */
const refused = Effect.fnUntraced(function* (mailer: Mailer.Mailer["Service"], sent: Mailer.Message = message) {
  const error = yield* Effect.flip(mailer.send(sent));
  assert.strictEqual(error.code, "MAIL_FAILED");
  assert.instanceOf(error.cause, Error);
  return String(error.cause);
});

describe("AUTH-7: mail to an SMTP server", () => {
  it.effect("arrives as it was composed, over one connection that ends with the layer", () =>
    Effect.gen(function* () {
      const { port, arrived, closed } = yield* smtpServer();
      yield* Effect.scoped(
        Effect.gen(function* () {
          const mailer = yield* mailerTo(`smtp://127.0.0.1:${port}`);
          yield* mailer.send({ to: "zoë@example.com", subject: "Bestätigen", text: `Grüße,\n\n${link}\n` });
          yield* mailer.send({ ...message, html: "<p>Hello.</p>" });
        }),
      );
      yield* closed;
      const [first, second] = arrived;
      assert.lengthOf(arrived, 2);
      assert.strictEqual(first?.from, "iam@example.com");
      assert.deepStrictEqual(first?.to, ["zoë@example.com"]);
      assert.match(first?.head ?? "", /^From: Iam <iam@example\.com>$/m);
      assert.match(first?.head ?? "", /^Subject: =\?UTF-8\?/m);
      assert.strictEqual(first?.body.trimEnd(), `Grüße,\n\n${link}`);
      assert.match(second?.head ?? "", /^Content-Type: multipart\/alternative/m);
      assert.include(second?.body, "<p>Hello.</p>");
      assert.strictEqual(second?.session, first?.session);
    }),
  );

  it.effect("goes to one address, whatever characters that has", () =>
    Effect.gen(function* () {
      const { port, arrived } = yield* smtpServer();
      const mailer = yield* mailerTo(`smtp://127.0.0.1:${port}`);
      yield* Effect.ignore(mailer.send({ ...message, to: "bob@example.com, eve@example.com" }));
      assert.notInclude(
        arrived.flatMap(({ to }) => to),
        "eve@example.com",
      );
    }),
  );

  it.effect("is sent as the user that the address names", () =>
    Effect.gen(function* () {
      const { port, arrived } = yield* smtpServer({
        authOptional: false,
        allowInsecureAuth: true,
        onAuth: ({ username, password }, _, done) =>
          username === "iam@example.com" && password === "p/ss:word"
            ? done(null, { user: username })
            : done(new Error("Who are you?")),
      });
      yield* (yield* mailerTo(`smtp://iam%40example.com:p%2Fss%3Aword@127.0.0.1:${port}`)).send(message);
      assert.strictEqual(arrived[0]?.user, "iam@example.com");
      const wrong = yield* refused(yield* mailerTo(`smtp://iam%40example.com:wrong@127.0.0.1:${port}`));
      assert.match(wrong, /Who are you\?/);
      assert.notInclude(wrong, "wrong");
      yield* refused(yield* mailerTo(`smtp://127.0.0.1:${port}`));
      assert.lengthOf(arrived, 1);
    }),
  );

  it.effect("is encrypted as the address says, for a server whose certificate is trusted", () =>
    Effect.gen(function* () {
      const trusting = "tls.rejectUnauthorized=false";
      const fromTheStart = yield* smtpServer({ secure: true });
      assert.match(yield* refused(yield* mailerTo(`smtps://127.0.0.1:${fromTheStart.port}`)), /certificate/i);
      yield* (yield* mailerTo(`smtps://127.0.0.1:${fromTheStart.port}?${trusting}`)).send(message);
      const startTls = yield* smtpServer({ disabledCommands: [] });
      assert.match(yield* refused(yield* mailerTo(`smtp://127.0.0.1:${startTls.port}`)), /certificate/i);
      yield* (yield* mailerTo(`smtp://127.0.0.1:${startTls.port}?${trusting}`)).send(message);
      assert.deepStrictEqual(
        [...fromTheStart.arrived, ...startTls.arrived].map(({ tls }) => tls),
        [true, true],
      );
      const without = yield* smtpServer();
      yield* refused(yield* mailerTo(`smtp://127.0.0.1:${without.port}?requireTLS=true`));
      assert.lengthOf(without.arrived, 0);
    }),
  );

  it.effect("whose recipient is refused is a typed error, and the next is sent", () =>
    Effect.gen(function* () {
      const { port, arrived } = yield* smtpServer({
        onRcptTo: ({ address }, _, done) =>
          done(address.startsWith("nobody@") ? new Error("No such mailbox here") : undefined),
      });
      const mailer = yield* mailerTo(`smtp://127.0.0.1:${port}`);
      assert.match(yield* refused(mailer, { ...message, to: "nobody@example.com" }), /No such mailbox here/);
      yield* mailer.send(message);
      assert.deepStrictEqual(
        arrived.map(({ to }) => to),
        [["bob@example.com"]],
      );
    }),
  );

  it.effect("that is down is a typed error", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(smtpServer());
      assert.match(yield* refused(yield* mailerTo(`smtp://127.0.0.1:${port}`)), /ECONNREFUSED/);
    }),
  );

  const configured = (values: Readonly<Record<string, string>>) =>
    Effect.map(
      Layer.build(Layer.provide(Iam.mailer, ConfigProvider.layer(ConfigProvider.fromUnknown(values)))),
      Context.get(Mailer.Mailer),
    );

  it.effect("is used when Config names one, and otherwise the folder", () =>
    Effect.gen(function* () {
      const { port, arrived } = yield* smtpServer();
      const path = yield* folder;
      const smtp = { IAM_SMTP_URL: `smtp://127.0.0.1:${port}`, IAM_MAIL_FROM: "sender@example.com" };
      yield* (yield* configured({ ...smtp, IAM_MAIL_DIR: path })).send(message);
      assert.strictEqual(arrived[0]?.from, "sender@example.com");
      assert.lengthOf(yield* Effect.promise(() => readdir(path)), 0);
      yield* (yield* configured({ IAM_MAIL_DIR: path })).send(message);
      // An empty variable is none.
      yield* (yield* configured({ IAM_SMTP_URL: "", IAM_MAIL_DIR: path })).send(message);
      assert.lengthOf(yield* Effect.promise(() => readdir(path)), 2);
      assert.lengthOf(arrived, 1);
    }),
  );

  it.effect("whose address is a mistake is refused without telling it", () =>
    Effect.gen(function* () {
      for (const url of ["http://user:hidden@mail.example", "mail.example:25", "smtp://", "smtps:user:hidden@mail"]) {
        const { message: text } = yield* Effect.flip(configured({ IAM_SMTP_URL: url, IAM_MAIL_DIR: "/dev/null" }));
        assert.match(text, /Expected smtp:\/\/ or smtps:\/\/ with a host\s+at \["IAM_SMTP_URL"\]/);
        assert.notInclude(text, "hidden");
      }
    }),
  );
});

const person = { name: "Ann", email: "ann@example.com", password: IamTest.password };

layer(TestDatabase.layer(), { excludeTestServices: true })("a server for mail that is down", (it) => {
  it.effect("AUTH-7: delays the mail, and does not undo the sign-up that asked for it", () =>
    Effect.gen(function* () {
      const { appUrl } = yield* TestDatabase;
      const { port } = yield* Effect.scoped(smtpServer());
      const config = ConfigProvider.fromUnknown({
        DATABASE_URL: Redacted.value(appUrl),
        IAM_RUN_MIGRATIONS: "false",
        IAM_BASE_URL: "http://localhost:3000",
        IAM_SECRET: IamTest.secret,
        IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
        IAM_SMTP_URL: `smtp://127.0.0.1:${port}`,
      });
      const context = yield* Layer.build(
        Auth.layer.pipe(
          Layer.provide(Iam.sending),
          Layer.provide([Layer.fresh(IamDb.layer), KeyManagement.layerLocal, Iam.mailer, Iam.textMessages]),
          Layer.provide(ConfigProvider.layer(config)),
        ),
      );
      const { api } = Context.get(context, Auth.Auth);
      const { user } = yield* api.signUpEmail({ body: person });
      assert.strictEqual(user.email, person.email);

      const { next } = yield* smtpServer({}, port);
      const delayed = yield* next;
      assert.deepStrictEqual(delayed.to, [person.email]);
      assert.include(delayed.body, "http://localhost:3000/api/auth/verify-email?token=");
      // The address is still to be confirmed, so signing in is refused and sends the mail again: the user is there.
      const error = yield* Effect.flip(api.signInEmail({ body: person }));
      assert.strictEqual(error.code, "EMAIL_NOT_VERIFIED");
      assert.deepStrictEqual((yield* next).to, [person.email]);
    }),
  );
});

const texts: Mailer.MailTexts = {
  verification: ({ appName, url, user }) => ({
    subject: `${appName}: Adresse bestätigen`,
    text: `Hallo ${user.name}: ${url}`,
    html: `<a href="${url}">Bestätigen</a>`,
  }),
  passwordReset: ({ url, user }) => ({ subject: "Neues Passwort", text: `${user.email}: ${url}` }),
  invitation: ({ email, inviter, organization, url }) => ({
    subject: "Einladung",
    text: `${inviter.name} lädt ${email} zu ${organization.name} ein: ${url}`,
  }),
  magicLink: ({ url }) => ({ subject: "Anmeldung", text: url }),
  emailCode: ({ code }) => ({ subject: "Anmeldung", text: code }),
  phoneCode: ({ code }) => code,
};

layer(Layer.provide(IamTest.postgres(), Layer.succeed(Mailer.Mails, texts)), { excludeTestServices: true })(
  "texts of an application's own",
  (it) => {
    it.effect("AUTH-7: are what the mails say", () =>
      Effect.gen(function* () {
        const { api, handler } = yield* Auth.Auth;
        const mailbox = yield* IamTest.Mailbox;
        yield* api.signUpEmail({ body: person });
        const verification = yield* mailbox.next;
        assert.strictEqual(verification.subject, "iam: Adresse bestätigen");
        const link = IamTest.linkIn(verification);
        assert.strictEqual(verification.text, `Hallo Ann: ${link}`);
        assert.strictEqual(verification.html, `<a href="${link}">Bestätigen</a>`);

        // Over HTTP, too.
        const request = new Request("http://localhost:3000/api/auth/request-password-reset", {
          method: "POST",
          headers: { "content-type": "application/json", origin: "http://localhost:3000" },
          body: JSON.stringify({ email: person.email }),
        });
        assert.strictEqual((yield* handler(request)).status, 200);
        const reset = yield* mailbox.next;
        assert.strictEqual(reset.subject, "Neues Passwort");
        assert.match(reset.text, /^ann@example\.com: http:\/\/localhost:3000\/api\/auth\/reset-password\//);

        const bob = yield* IamTest.signedUp("bob");
        const { id } = yield* IamTest.organizationOf(bob, "acme");
        const invited = { email: "carl@example.com", role: "member", organizationId: id } as const;
        const invitation = yield* api.createInvitation({ headers: bob.headers, body: invited });
        const { to, subject, text } = yield* mailbox.next;
        assert.deepStrictEqual(
          { to, subject, text },
          {
            to: "carl@example.com",
            subject: "Einladung",
            text: `bob lädt carl@example.com zu acme ein: http://localhost:3000/invitations/${invitation.id}`,
          },
        );
      }),
    );
  },
);

describe("AUTH-7: where mail goes", () => {
  const told = (values: Readonly<Record<string, string>>) =>
    Effect.provide(Iam.mailDestination, ConfigProvider.layer(ConfigProvider.fromUnknown(values)));

  it.effect("is told without the server's password", () =>
    Effect.gen(function* () {
      const smtp = yield* told({ IAM_SMTP_URL: "smtps://iam:canary@mail.example.com:465" });
      assert.strictEqual(smtp, "goes to the SMTP server mail.example.com:465");
      assert.strictEqual(yield* told({ IAM_MAIL_DIR: "/tmp/mail" }), "lands in /tmp/mail");
    }),
  );
});
