/** The key that signs the log. Whoever has the database and not this key can change the log, and cannot hide it. */
import { Errors, SignedNote } from "@beep/iam-domain";
import * as Array from "effect/Array";
import * as Config from "effect/Config";
import type { Signature } from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import * as Setting from "../config/Setting.ts";

/** What may be said of it. */
export const keys = {
  auditSigningKey: Setting.optional("IAM_AUDIT_SIGNING_KEY", Config.Redacted, {
    type: "`PRIVATE+KEY+<name>+<id>+<key>`, as `iam audit key` prints it",
    fallback: "none: this process does not seal the log",
    says: "The key that signs the audit log; its name is that of the log. At least one process needs it; the public key that belongs to it is for whoever verifies.",
  }),
  auditFormerKeys: Setting.withDefault("IAM_AUDIT_FORMER_KEYS", (key) => Config.Array(Schema.NonEmptyString, key), {
    type: "public keys, as `iam audit key` prints them, separated by commas",
    value: Array.empty<string>(),
    fallback: "none",
    says: "Public keys by which the log was signed before: a process that seals goes on only with what was signed by a key that it knows.",
  }),
};

/** The key, where this process has one. */
export const read: Effect.Effect<
  Option.Option<SignedNote.SignerKey>,
  Config.ConfigError | Errors.StartupError,
  Signature
> = Effect.gen(function* () {
  const stated = yield* keys.auditSigningKey;
  if (Option.isNone(stated)) return Option.none();
  return Option.some(
    yield* Effect.mapError(
      SignedNote.parseSignerKey(stated.value),
      () =>
        new Errors.StartupError({
          code: "CONFIGURATION_INVALID",
          message: "IAM_AUDIT_SIGNING_KEY is not a key of signed notes.",
          remedy: "Set it to what `iam audit key` printed.",
        }),
    ),
  );
});

/** The public keys by which the log was signed before. */
export const former: Effect.Effect<
  ReadonlyArray<SignedNote.VerifierKey>,
  Config.ConfigError | Errors.StartupError,
  Signature
> = Effect.flatMap(keys.auditFormerKeys, (stated) =>
  Effect.mapError(
    Effect.forEach(stated, SignedNote.parseVerifierKey),
    () =>
      new Errors.StartupError({
        code: "CONFIGURATION_INVALID",
        message: "IAM_AUDIT_FORMER_KEYS has something that is no public key of signed notes.",
        remedy: "Set it to what `iam audit key` prints of each, separated by commas.",
      }),
  ),
);
