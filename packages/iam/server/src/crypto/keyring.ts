/** The key-encryption keys of an installation that keeps them itself, as Config says. */
import { createSecretKey, type KeyObject } from "node:crypto";
import { Errors } from "@beep/iam-domain";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as Setting from "../config/Setting.ts";

/** A version, and 32 bytes in base64: 43 characters, of which the last has two bits to spare. */
const entryForm = /^(0|[1-9][0-9]{0,8}):([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/;

/** Keys by version, and which of them wraps. */
export interface Keyring {
  readonly current: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/** What is wrong, by the place in the list: never with a part of it, which may be a key. */
const parse = (text: string): Result.Result<ReadonlyMap<string, KeyObject>, string> => {
  const keys = new Map<string, KeyObject>();
  for (const [index, entry] of text.split(",").entries()) {
    const [, version, key] = entryForm.exec(entry.trim()) ?? [];
    if (version === undefined || key === undefined) {
      return Result.fail(`<version>:<base64 of 32 bytes>, separated by commas; entry ${index + 1} is not of that form`);
    }
    if (keys.has(version)) return Result.fail(`a key for each version; entry ${index + 1} has a version again`);
    keys.set(version, createSecretKey(key, "base64"));
  }
  return Result.succeed(keys);
};

const Keys = Schema.RedactedFromValue(
  Schema.String.check(
    Schema.makeFilter((text) => {
      const parsed = parse(text);
      return Result.isSuccess(parsed) ? undefined : `Expected ${parsed.failure}`;
    }),
  ),
);

/** What may be said of the keyring. */
export const keys = {
  keyEncryptionKeys: Setting.required("IAM_KEY_ENCRYPTION_KEYS", (key) => Config.schema(Keys, key), {
    type: "`<version>:<key>`, separated by commas: a whole number, and 32 bytes in base64",
    says: "The keys that wrap the data keys under which secrets are sealed: `1:` and the output of `openssl rand -base64 32`. Whoever loses them has lost what is sealed. A new one has a higher version, and the old ones stay until `iam keys rewrap` is through.",
  }),
  keyEncryptionVersion: Setting.optional("IAM_KEY_ENCRYPTION_VERSION", Config.NonEmptyString, {
    type: "version of a key in `IAM_KEY_ENCRYPTION_KEYS`",
    fallback: "the highest",
    says: "Which of them wraps. Where several processes run, first give all of them the new key while the old one still wraps, so that each can open what another has wrapped.",
  }),
};

/** The versions that are stated; none, where the keyring is not. */
export const stated: Effect.Effect<ReadonlyArray<number>, Config.ConfigError> = Effect.map(
  Config.option(keys.keyEncryptionKeys),
  Option.match({
    onNone: () => [],
    onSome: (text) => [...Result.getOrThrow(parse(Redacted.value(text))).keys()].map(Number),
  }),
);

/** Reads the keyring. */
export const read: Effect.Effect<Keyring, Errors.StartupError | Config.ConfigError> = Effect.gen(function* () {
  const { keyEncryptionKeys, keyEncryptionVersion } = yield* Config.all(keys);
  // Which Config has checked.
  const all = Result.getOrThrow(parse(Redacted.value(keyEncryptionKeys)));
  const [highest = ""] = [...all.keys()].sort((left, right) => Number(right) - Number(left));
  const current = Option.getOrElse(keyEncryptionVersion, () => highest);
  if (!all.has(current)) {
    return yield* new Errors.StartupError({
      code: "CONFIGURATION_INVALID",
      message: `IAM_KEY_ENCRYPTION_VERSION is ${JSON.stringify(current)}, and IAM_KEY_ENCRYPTION_KEYS has ${[...all.keys()].join(", ")}.`,
      remedy: "Add a key of that version, or let IAM_KEY_ENCRYPTION_VERSION name one that is there.",
    });
  }
  return { current, keys: all };
});
