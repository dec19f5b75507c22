/** What an installation keeps secret, for who states none: what signs cookies and links, and what wraps data keys. */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Errors, SignedNote } from "@beep/iam-domain";
import { IamDb, KeyManagement, Places } from "@beep/iam-server";
import * as Config from "effect/Config";
import * as ConfigProvider from "effect/ConfigProvider";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Predicate from "effect/Predicate";
import * as Redacted from "effect/Redacted";

const random = () => randomBytes(32).toString("base64");

/** A file of the data directory in which the value of a key is kept. */
interface Kept {
  readonly key: string;
  readonly file: string;
  /** What to set the key to. */
  readonly to: string;
  readonly make: () => string | Promise<string>;
  /** Whether a server does without it. */
  readonly optional?: true;
  /** The value in the file's text. */
  readonly read: (text: string) => string;
}

/** The file with the keyring. */
const KEYRING = "key-encryption-keys";

/** An entry on each line. */
const entries = (text: string): string => text.trim().split(/\s+/).join(",");

/** Of a log that is on this machine alone. */
const signingKey = SignedNote.generateSignerKey("localhost").pipe(
  Effect.flatMap(SignedNote.formatSignerKey),
  Effect.map(Redacted.value),
  Effect.provide(Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto))),
);

const kept: ReadonlyArray<Kept> = [
  {
    key: "IAM_SECRET",
    file: "secret",
    to: "the output of `openssl rand -base64 32`",
    make: random,
    read: (text) => text.trim(),
  },
  {
    key: "IAM_KEY_ENCRYPTION_KEYS",
    file: KEYRING,
    to: "the output of `iam keys generate`",
    make: () => `1:${random()}`,
    read: entries,
  },
  {
    key: "IAM_AUDIT_SIGNING_KEY",
    file: "audit-signing-key",
    to: "the output of `iam audit key`",
    make: () => Effect.runPromise(signingKey),
    read: (text) => text.trim(),
    optional: true,
  },
];

/** The keyring of the data directory, for who states none and changes nothing; nothing where there is none yet. */
export const keptKeyring = ConfigProvider.layerAdd(
  Effect.gen(function* () {
    const { dataDir, databaseUrl } = yield* Places.settings;
    const text = Option.isSome(databaseUrl)
      ? undefined
      : yield* Effect.promise(() => readFile(join(dataDir, KEYRING), "utf8").catch(() => undefined));
    return ConfigProvider.fromUnknown(text === undefined ? {} : { IAM_KEY_ENCRYPTION_KEYS: entries(text) });
  }).pipe(
    // What is wrong with where things are is said by who reads it for its own sake.
    Effect.orElseSucceed(() => ConfigProvider.fromUnknown({})),
  ),
);

/** The versions of the keyring that is stated, or else of the one in the data directory; and where it is. */
export const keyring = Effect.gen(function* () {
  const { dataDir, databaseUrl } = yield* Places.settings;
  const { keyEncryptionKeys } = KeyManagement.keys;
  const isStated = Option.isSome(databaseUrl) || Option.isSome(yield* Config.option(keyEncryptionKeys));
  const versions = yield* Effect.provide(KeyManagement.stated, keptKeyring);
  return { versions, place: isStated ? keyEncryptionKeys.entry.key : join(dataDir, KEYRING) };
});

const stated = ({ key }: Kept) => Config.option(Config.Redacted(key));

/** On a database server secrets must be stated: other processes, on other machines, need the same. */
export const demandStated = Effect.gen(function* () {
  const { databaseUrl } = yield* Places.settings;
  if (Option.isNone(databaseUrl)) return;
  for (const one of kept) {
    if (one.optional === true || Option.isSome(yield* stated(one))) continue;
    return yield* new Errors.StartupError({
      code: "SECRET_MISSING",
      message: `${one.key} is not set.`,
      remedy: `Set it to ${one.to}, and keep it.`,
    });
  }
});

/**
 * States the secrets of the data directory where none are stated. Each is made once; after the database was opened, because
 * by then the directory is this process's own.
 */
export const layer: Layer.Layer<never, Errors.StartupError | Config.ConfigError, IamDb.IamDb> = ConfigProvider.layerAdd(
  Effect.gen(function* () {
    yield* IamDb.IamDb;
    const { dataDir } = yield* Places.settings;
    const values: Record<string, string> = {};
    for (const one of kept) {
      if (Option.isNone(yield* stated(one))) values[one.key] = yield* keptIn(dataDir, one);
    }
    return ConfigProvider.fromUnknown(values);
  }),
);

const keptIn = (dataDir: string, { key, file: name, make, read }: Kept): Effect.Effect<string, Errors.StartupError> =>
  Effect.tryPromise({
    try: async () => {
      const file = join(dataDir, name);
      const found = await readFile(file, "utf8").catch(whenMissing);
      if (found !== undefined) return read(found);
      const secret = await make();
      // Under its name it is there as a whole, or not at all.
      await writeFile(`${file}.draft`, `${secret}\n`, { mode: 0o600 });
      await rename(`${file}.draft`, file);
      return secret;
    },
    catch: (cause) =>
      new Errors.StartupError({
        code: "DATA_DIRECTORY_UNUSABLE",
        message: `The file ${name} in ${dataDir} can be neither read nor made.`,
        remedy: `Let this user read and write there, or set ${key}.`,
        cause,
      }),
  });

/** A secret that is there and cannot be read must not be replaced. */
const whenMissing = (error: unknown): undefined => {
  if (Predicate.hasProperty(error, "code") && error.code === "ENOENT") return undefined;
  throw error;
};
