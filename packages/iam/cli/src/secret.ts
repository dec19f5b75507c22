/** The secret that signs cookies and links, for who states none. */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Errors } from "@beep/iam-domain";
import { IamDb, Places } from "@beep/iam-server";
import * as Config from "effect/Config";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import type * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Predicate from "effect/Predicate";

const stated = Config.option(Config.Redacted("IAM_SECRET"));

/** On a database server the secret must be stated: other processes, on other machines, need the same. */
export const demandStated = Effect.gen(function* () {
  const { databaseUrl } = yield* Places.settings;
  if (Option.isSome(databaseUrl) && Option.isNone(yield* stated)) {
    return yield* new Errors.StartupError({
      code: "SECRET_MISSING",
      message: "IAM_SECRET is not set.",
      remedy: "Set it to the output of `openssl rand -base64 32`, and keep it.",
    });
  }
});

/**
 * States the secret of the data directory where none is stated. It is made once; after the database was opened, because
 * by then the directory is this process's own.
 */
export const layer: Layer.Layer<never, Errors.StartupError | Config.ConfigError, IamDb.IamDb> = ConfigProvider.layerAdd(
  Effect.gen(function* () {
    yield* IamDb.IamDb;
    if (Option.isSome(yield* stated)) return ConfigProvider.fromUnknown({});
    const { dataDir } = yield* Places.settings;
    return ConfigProvider.fromUnknown({ IAM_SECRET: yield* keptIn(dataDir) });
  }),
);

const keptIn = (dataDir: string): Effect.Effect<string, Errors.StartupError> =>
  Effect.tryPromise({
    try: async () => {
      const file = join(dataDir, "secret");
      const found = await readFile(file, "utf8").catch(whenMissing);
      if (found !== undefined) return found.trim();
      const secret = randomBytes(32).toString("base64");
      // Under its name it is there as a whole, or not at all.
      await writeFile(`${file}.draft`, `${secret}\n`, { mode: 0o600 });
      await rename(`${file}.draft`, file);
      return secret;
    },
    catch: (cause) =>
      new Errors.StartupError({
        code: "DATA_DIRECTORY_UNUSABLE",
        message: `The secret in ${dataDir} can be neither read nor made.`,
        remedy: "Let this user read and write there, or set IAM_SECRET.",
        cause,
      }),
  });

/** A secret that is there and cannot be read must not be replaced. */
const whenMissing = (error: unknown): undefined => {
  if (Predicate.hasProperty(error, "code") && error.code === "ENOENT") return undefined;
  throw error;
};
