/** The key that signs the log. Whoever has the database and not this key can change the log, and cannot hide it. */
import { Errors, SignedNote } from "@beep/iam-domain";
import * as Config from "effect/Config";
import type { Signature } from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Setting from "../config/Setting.ts";

/** What may be said of it. */
export const keys = {
  auditSigningKey: Setting.optional("IAM_AUDIT_SIGNING_KEY", Config.Redacted, {
    type: "`PRIVATE+KEY+<name>+<id>+<key>`, as `iam audit key` prints it",
    fallback: "none: this process does not seal the log",
    says: "The key that signs the audit log; its name is that of the log. At least one process needs it; the public key that belongs to it is for whoever verifies.",
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
