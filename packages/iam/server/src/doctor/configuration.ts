/** What the configuration says, before anything is opened. */
import type { Errors, Findings } from "@beep/iam-domain";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import * as Pages from "../auth/pages.ts";
import { keys } from "../auth/settings.ts";
import * as Misspelt from "../config/Misspelt.ts";
import * as places from "../config/places.ts";
import type * as Setting from "../config/Setting.ts";
import * as KeyManagement from "../crypto/KeyManagement.ts";
import * as Progress from "../db/Progress.ts";
import * as server from "../db/server.ts";
import { loginsOf } from "./connection.ts";
import { error, warning } from "./finding.ts";
import { isLoopback } from "./loopback.ts";

/** Less than this can be guessed; 32 random hexadecimal digits have 128 bits and look like 100 at least. */
const ENOUGH_BITS = 96;

/** Keys by name. */
export type Keys = Readonly<Record<string, Setting.Setting<unknown>>>;

/**
 * What is wrong with the configuration.
 *
 * @param services every key of the services
 * @param further what else the configuration has: where there is any, every other key that begins like ours is found
 * @param url the database server's address
 */
export const examineConfiguration = Effect.fnUntraced(function* (
  services: Keys,
  further: Keys,
  url: Option.Option<Redacted.Redacted>,
) {
  yield* Progress.begin("Examining the configuration");
  const { secret, ...stated } = keys;
  const { keyEncryptionKeys, keyEncryptionVersion } = KeyManagement.keys;
  const isComposed = Option.isSome(yield* Effect.serviceOption(KeyManagement.KeyManagement));
  const onServer = Option.isSome(url);
  const logins = onServer ? yield* Effect.result(loginsOf(url.value)) : undefined;
  const secretStated = yield* isStated(secret);
  const keyringStated = yield* isStated(keyEncryptionKeys);
  return [
    ...(yield* invalid([
      ...Object.values({ ...places.keys, ...stated, ...Pages.keys, ...further }),
      ...(onServer ? Object.values(server.keys) : []),
      keyEncryptionVersion,
      // Without a server the secrets may still be made.
      ...(secretStated ? [secret] : []),
      ...(keyringStated ? [keyEncryptionKeys] : []),
    ])),
    ...(logins !== undefined && Result.isFailure(logins)
      ? [error("CONFIGURATION_INVALID", logins.failure.message, logins.failure.remedy)]
      : []),
    ...(yield* misspelt(
      Object.values({ ...services, ...further }),
      Object.keys(further).length > 0 ? Misspelt.demandKnown : Misspelt.demandNoSlip,
    )),
    ...(onServer && !secretStated
      ? [
          error(
            "SECRET_MISSING",
            "IAM_SECRET is not set, and every process on this database needs the same.",
            "Set IAM_SECRET to the output of `openssl rand -base64 32`, and keep it.",
          ),
        ]
      : []),
    ...(onServer && !keyringStated && !isComposed
      ? [
          error(
            "SECRET_MISSING",
            "IAM_KEY_ENCRYPTION_KEYS is not set, and every process on this database needs the same.",
            "Set IAM_KEY_ENCRYPTION_KEYS to the output of `iam keys generate`, and keep it.",
          ),
        ]
      : []),
    ...(yield* examineKeyring),
    ...(yield* unsafe),
  ];
});

/** Whether a key has any value. */
const isStated = ({ entry }: { readonly entry: Setting.Entry }): Effect.Effect<boolean> =>
  Effect.map(Effect.option(Config.String(entry.key)), Option.isSome);

/** Each key that is missing or malformed: never with its value, which may be a secret. */
const invalid = Effect.fnUntraced(function* (settings: ReadonlyArray<Setting.Setting<unknown>>) {
  const findings = yield* Effect.forEach(settings, (setting) =>
    Effect.map(Effect.result(setting), Result.isFailure),
  ).pipe(
    Effect.map((failed) => settings.filter((_, index) => failed[index])),
    Effect.flatMap((wrong) =>
      Effect.forEach(wrong, ({ entry }) =>
        Effect.map(isStated({ entry }), (stated) =>
          error(
            "CONFIGURATION_INVALID",
            stated ? `${entry.key} is not valid.` : `${entry.key} is not set.`,
            `Set ${entry.key}: ${entry.type}. ${entry.says}`,
          ),
        ),
      ),
    ),
  );
  // A key that is read in two ways is wrong once.
  return findings.filter(
    (finding, index) => findings.findIndex(({ message }) => message === finding.message) === index,
  );
});

/** Keys that nobody reads. */
const misspelt = (
  settings: ReadonlyArray<Setting.Setting<unknown>>,
  demand: (keys: ReadonlyArray<string>) => Effect.Effect<void, Errors.StartupError | Config.ConfigError>,
): Effect.Effect<ReadonlyArray<Findings.Finding>> =>
  Effect.match(demand(settings.map(({ entry }) => entry.key)), {
    onSuccess: () => [],
    // What cannot be read at all has been found with each key.
    onFailure: (refusal) =>
      refusal._tag === "StartupError" ? [error("CONFIGURATION_INVALID", refusal.message, refusal.remedy)] : [],
  });

/** A version that wraps and is not there. */
const examineKeyring = Effect.match(KeyManagement.read, {
  onSuccess: () => [],
  // What is no keyring has been found with its key.
  onFailure: (refusal) =>
    refusal._tag === "StartupError" ? [error("CONFIGURATION_INVALID", refusal.message, refusal.remedy)] : [],
});

/** What is valid, and still not safe. */
const unsafe = Effect.gen(function* () {
  const findings: Array<Findings.Finding> = [];
  const baseUrl = Option.getOrUndefined(yield* Effect.option(keys.baseUrl));
  if (baseUrl !== undefined && isInsecure(baseUrl)) {
    findings.push(
      error(
        "BASE_URL_INSECURE",
        `IAM_BASE_URL is ${baseUrl.origin}: passwords and sessions travel where others can read and change them.`,
        "Serve it by TLS, at a proxy for instance, and set IAM_BASE_URL to its https:// address.",
      ),
    );
  }
  for (const origin of Option.getOrElse(yield* Effect.option(keys.trustedOrigins), () => [])) {
    if (!isInsecure(new URL(origin))) continue;
    findings.push(
      error(
        "ORIGIN_INSECURE",
        `IAM_TRUSTED_ORIGINS has ${origin}: whoever is on the way can change its pages, and call as their user.`,
        `Serve that origin by TLS, and write it with https:// into IAM_TRUSTED_ORIGINS.`,
      ),
    );
  }
  const secret = Option.map(yield* Effect.option(keys.secret), Redacted.value);
  if (Option.isSome(secret) && isGuessable(secret.value)) {
    findings.push(
      error(
        "SECRET_WEAK",
        "IAM_SECRET repeats itself: it can be guessed, and sessions and links forged.",
        "Set IAM_SECRET to the output of `openssl rand -base64 32`. Everybody has to sign in again.",
      ),
    );
  }
  if (Option.contains(yield* Effect.option(keys.rateLimit), false)) {
    findings.push(
      warning(
        "RATE_LIMIT_OFF",
        "IAM_RATE_LIMIT is off: nothing slows down who tries many passwords.",
        "Remove IAM_RATE_LIMIT, unless something in front of the server limits requests.",
      ),
    );
  }
  return findings;
});

const isInsecure = ({ hostname, protocol }: URL): boolean => protocol === "http:" && !isLoopback(hostname);

/** Whether a secret is a text again and again, or of few different characters. */
const isGuessable = (secret: string): boolean => {
  if (/^(.+?)\1+$/s.test(secret)) return true;
  const characters = [...secret];
  const counts = Map.groupBy(characters, (character) => character);
  const bits = [...counts.values()]
    .map(({ length }) => length * Math.log2(characters.length / length))
    .reduce((sum, each) => sum + each, 0);
  return bits < ENOUGH_BITS;
};
