/** What wraps data keys: the keyring, and another one that is somewhere else. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Errors } from "@beep/iam-domain";
import { KeyManagement } from "@beep/iam-server";
import * as KeyManagementContract from "@beep/testing/KeyManagementContract";
import { assert, describe, it } from "@effect/vitest";
import * as Config from "effect/Config";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";

const keyOf = (text: string) => createHash("sha256").update(text).digest("base64");

const stated = (keys: string, more: Readonly<Record<string, string>> = {}) =>
  KeyManagement.layerLocal.pipe(
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ IAM_KEY_ENCRYPTION_KEYS: keys, ...more }))),
  );

const local: KeyManagementContract.Subject = {
  having: (...versions) => stated(versions.map((version) => `${version}:${keyOf(version)}`).join(", ")),
  another: stated(`1:${keyOf("another")}`),
};

/** What is asked of the remote one, and what it answers. */
const Asked = Schema.fromJsonString(
  Schema.Struct({ path: Schema.String, version: Schema.String, data: Schema.String, belonging: Schema.String }),
);
const Answer = Schema.Struct({ status: Schema.Literals(["done", "missing", "refused"]), data: Schema.String });
type Answer = typeof Answer.Type;

/** A key management in another place: another cipher, and a form of its own. */
const answerOf = (keys: ReadonlyMap<string, Buffer>, asked: typeof Asked.Type): Answer => {
  const key = keys.get(asked.version);
  if (key === undefined) return { status: "missing", data: "" };
  const options = { authTagLength: 16 };
  if (asked.path === "wrap") {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("chacha20-poly1305", key, nonce, options);
    const plaintext = Buffer.from(asked.data, "base64");
    cipher.setAAD(Buffer.from(asked.belonging), { plaintextLength: plaintext.length });
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return { status: "done", data: Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString("hex") };
  }
  const bytes = Buffer.from(asked.data, "hex");
  if (bytes.length < 28 || bytes.toString("hex") !== asked.data) return { status: "refused", data: "" };
  const sealed = bytes.subarray(12, -16);
  const decipher = createDecipheriv("chacha20-poly1305", key, bytes.subarray(0, 12), options);
  decipher.setAAD(Buffer.from(asked.belonging), { plaintextLength: sealed.length });
  decipher.setAuthTag(bytes.subarray(-16));
  try {
    const opened = Buffer.concat([decipher.update(sealed), decipher.final()]);
    return { status: "done", data: opened.toString("base64") };
  } catch {
    return { status: "refused", data: "" };
  }
};

/** Listens until the scope closes. */
const listening = (keys: ReadonlyMap<string, Buffer>) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const asked = Schema.decodeUnknownSync(Asked)(Buffer.concat(chunks).toString());
          response.end(JSON.stringify(answerOf(keys, asked)));
        });
      });
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => server.close() }));
      });
    }),
    ({ close }) => Effect.sync(close),
  );

const remoteAt = (url: string, versions: ReadonlyArray<string>): KeyManagement.KeyManagement["Service"] => {
  const current = versions.at(-1) ?? "";
  const ask = (path: string, version: string, data: string, { dataKey, owner }: KeyManagement.Belonging) =>
    Effect.tryPromise({
      try: async () => {
        const belonging = JSON.stringify([dataKey, owner.type, owner.id]);
        const body = JSON.stringify({ path, version, data, belonging });
        const response = await fetch(url, { method: "POST", body });
        return Schema.decodeUnknownSync(Answer)(await response.json());
      },
      catch: (cause) => new Errors.KeyManagementUnavailable({ cause }),
    });
  return KeyManagement.KeyManagement.of({
    current: Effect.succeed(current),
    versions: Effect.succeed(versions),
    wrap: (key, belonging) =>
      Effect.map(ask("wrap", current, Buffer.from(Redacted.value(key)).toString("base64"), belonging), ({ data }) => ({
        wrapped: data,
        version: current,
      })),
    unwrap: Effect.fnUntraced(function* ({ version, wrapped }, belonging) {
      const { data, status } = yield* ask("unwrap", version, wrapped, belonging);
      if (status === "missing") return yield* new Errors.KeyVersionMissing({ keyVersion: version });
      if (status === "refused") {
        return yield* new Errors.KeyNotOpened({ dataKey: belonging.dataKey, keyVersion: version });
      }
      return Redacted.make<Uint8Array>(Buffer.from(data, "base64"));
    }),
  });
};

const remoteHaving = (keys: Readonly<Record<string, string>>) =>
  Layer.effect(
    KeyManagement.KeyManagement,
    Effect.map(
      listening(new Map(Object.entries(keys).map(([version, key]) => [version, Buffer.from(key, "base64")]))),
      ({ url }) => remoteAt(url, Object.keys(keys)),
    ),
  );

const remote: KeyManagementContract.Subject = {
  having: (...versions) => remoteHaving(Object.fromEntries(versions.map((version) => [version, keyOf(version)]))),
  another: remoteHaving({ "1": keyOf("another") }),
  // A port on which nobody can listen.
  unreachable: Layer.succeed(KeyManagement.KeyManagement, remoteAt("http://127.0.0.1:0", ["1"])),
};

for (const [name, subject] of Object.entries({ "the keyring": local, "a key management behind HTTP": remote })) {
  describe(name, () => {
    for (const { check, title } of KeyManagementContract.checks) it.live(title, () => check(subject));
  });
}

/** What it says to a configuration. */
const refusal = (keys: string, more?: Readonly<Record<string, string>>) =>
  Effect.flip(Effect.scoped(Layer.build(stated(keys, more))));

describe("the keyring", () => {
  const good = keyOf("good");

  it.effect("CRY-1: the highest version wraps, unless another one is named", () =>
    Effect.gen(function* () {
      const keys = `10:${keyOf("10")},9:${keyOf("9")}`;
      const currentOf = (layer: Layer.Layer<KeyManagement.KeyManagement, unknown>) =>
        Effect.flatMap(KeyManagement.KeyManagement, ({ current }) => current).pipe(Effect.provide(layer));
      assert.strictEqual(yield* currentOf(stated(keys)), "10");
      assert.strictEqual(yield* currentOf(stated(keys, { IAM_KEY_ENCRYPTION_VERSION: "9" })), "9");
      const error = yield* refusal(keys, { IAM_KEY_ENCRYPTION_VERSION: "11" });
      assert.instanceOf(error, Errors.StartupError);
      assert.deepInclude(error, {
        code: "CONFIGURATION_INVALID",
        message: 'IAM_KEY_ENCRYPTION_VERSION is "11", and IAM_KEY_ENCRYPTION_KEYS has 10, 9.',
      });
    }),
  );

  it.effect("CRY-5: what is malformed is refused by its place, and shows nothing of a key", () =>
    Effect.gen(function* () {
      const secret = good.slice(0, 43);
      const cases = [
        "",
        secret,
        `1:${secret}`,
        `1:${secret}==`,
        `one:${good}`,
        `01:${good}`,
        `-1:${good}`,
        `1.5:${good}`,
        `1 ${good}`,
        `1:${good},`,
        `1:${good};2:${good}`,
        `1:${good},1:${keyOf("b")}`,
        `1:${good.slice(4)}`,
        `1:AAAA${good}`,
        `1:${good.slice(0, 42)}B=`,
      ];
      for (const keys of cases) {
        const error = yield* refusal(keys);
        assert.instanceOf(error, Config.ConfigError, keys);
        const said = `${error} ${error.message} ${JSON.stringify(error)}`;
        assert.include(said, "IAM_KEY_ENCRYPTION_KEYS");
        assert.notInclude(said, secret.slice(4, 20), keys);
      }
    }),
  );
});
