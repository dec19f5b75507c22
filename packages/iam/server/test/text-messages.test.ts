/** Text messages: what reaches a gateway, what becomes of one that fails, and that none leaves for what is undone. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { Auth, Iam, TextMessages, Transaction } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, describe, it, layer } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as TestClock from "effect/testing/TestClock";

/** A gateway on this machine, which the scope stops; it answers as it is told. */
const gateway = Effect.fnUntraced(function* (answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void));
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void));
        server.closeAllConnections();
      }),
  );
  // The address of a server that listens on a port is no string.
  const { port } = server.address() as AddressInfo;
  return new URL(`http://127.0.0.1:${port}/messages`);
});

const sender = (url: URL, token?: string) =>
  Effect.map(
    Layer.build(
      TextMessages.layerHttp({ url, token: Option.map(Option.fromNullishOr(token), (text) => Redacted.make(text)) }),
    ),
    Context.get(TextMessages.TextMessages),
  );

const message = { to: "+4915112345678", text: "123456 is your code." };

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-texts-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
);

describe("AUTH-7: text messages to a gateway", () => {
  it.effect("are posted as JSON, with the token where there is one", () =>
    Effect.gen(function* () {
      const arrived: Array<unknown> = [];
      const url = yield* gateway((request, response) => {
        const { method, url: path, headers } = request;
        json(request).then((body) => {
          arrived.push({ method, path, type: headers["content-type"], authorization: headers.authorization, body });
          response.writeHead(202).end();
        });
      });
      yield* (yield* sender(url, "s3cret")).send(message);
      yield* (yield* sender(url)).send(message);
      const request = { method: "POST", path: "/messages", type: "application/json", body: message };
      assert.deepStrictEqual(arrived, [
        { ...request, authorization: "Bearer s3cret" },
        { ...request, authorization: undefined },
      ]);
    }),
  );

  it.effect("that are not taken are a typed error, which has no token in it", () =>
    Effect.gen(function* () {
      for (const status of [302, 400, 401, 500]) {
        const url = yield* gateway((request, response) =>
          response.writeHead(request.url === "/elsewhere" ? 200 : status, { location: "/elsewhere" }).end(),
        );
        const error = yield* Effect.flip((yield* sender(url, "s3cret")).send(message));
        assert.strictEqual(error.code, "TEXT_MESSAGE_FAILED");
        assert.notInclude(JSON.stringify(error), "s3cret");
        assert.notInclude(String(error.cause), "s3cret");
      }
      const nobody = yield* sender(new URL("http://127.0.0.1:9/messages"));
      assert.strictEqual((yield* Effect.flip(nobody.send(message))).code, "TEXT_MESSAGE_FAILED");
    }),
  );

  it.effect("are given up after ten seconds", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>();
      const url = yield* gateway(() => Deferred.doneUnsafe(asked, Effect.void));
      const service = yield* sender(url);
      const sending = yield* Effect.forkChild(Effect.flip(service.send(message)));
      yield* Deferred.await(asked);
      yield* TestClock.adjust("9 seconds");
      assert.isUndefined(sending.pollUnsafe());
      yield* TestClock.adjust("1 second");
      assert.strictEqual((yield* Fiber.join(sending)).code, "TEXT_MESSAGE_FAILED");
    }),
  );
});

describe("AUTH-7: text messages in a folder", () => {
  it.effect("are texts, in the order of sending", () =>
    Effect.gen(function* () {
      const path = join(yield* folder, "made");
      const service = yield* Effect.provide(TextMessages.TextMessages, TextMessages.layerFolder({ folder: path }));
      yield* service.send(message);
      yield* service.send({ ...message, to: "+4915187654321" });
      const names = (yield* Effect.promise(() => readdir(path))).toSorted();
      const texts = yield* Effect.promise(() => Promise.all(names.map((name) => readFile(join(path, name), "utf8"))));
      assert.lengthOf(texts, 2);
      assert.match(texts[0] ?? "", /^To: \+4915112345678\nDate: [\dT:.-]+Z\n\n123456 is your code\.\n$/);
      assert.include(texts[1], "To: +4915187654321");
      for (const name of names) assert.match(name, /\.txt$/);
    }),
  );

  it.effect("that cannot be written are a typed error", () =>
    Effect.gen(function* () {
      const unwritable = TextMessages.layerFolder({ folder: "/dev/null/texts" });
      const service = yield* Effect.provide(TextMessages.TextMessages, unwritable);
      assert.strictEqual((yield* Effect.flip(service.send(message))).code, "TEXT_MESSAGE_FAILED");
    }),
  );
});

describe("AUTH-7: text messages as Config says", () => {
  it.effect("go to the gateway, and to the folder of the mail where there is none; a person is told which", () =>
    Effect.gen(function* () {
      const configured = (values: Readonly<Record<string, string>>) =>
        Effect.provide(Iam.textMessagesDestination, ConfigProvider.layer(ConfigProvider.fromUnknown(values)));
      const url = "https://user:s3cret@texts.example/messages?key=s3cret";
      const told = yield* configured({ IAM_TEXT_MESSAGES_URL: url, IAM_TEXT_MESSAGES_TOKEN: "s3cret" });
      assert.strictEqual(told, "go to the gateway texts.example");
      assert.match(yield* configured({ IAM_MAIL_DIR: "/var/mail/iam" }), /^land in \/var\/mail\/iam$/);
    }),
  );
});

layer(IamTest.postgres(), { excludeTestServices: true })((it) => {
  it.effect("AUTH-7: no text message leaves for a change that is rolled back", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { nextText } = yield* IamTest.Mailbox;
      const send = (phoneNumber: string) => api.sendPhoneNumberOTP({ body: { phoneNumber } });
      yield* Effect.flip(Transaction.run(Effect.andThen(send("+4915100000001"), Effect.fail("undone"))));
      yield* Transaction.run(send("+4915100000002"));
      assert.strictEqual((yield* nextText).to, "+4915100000002");
    }),
  );
});
