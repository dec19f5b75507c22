/**
 * What guards passwords and those who guess at them, and what records that they do: the parts of Better Auth's options that
 * belong to it.
 */
import type { BetterAuthPlugin } from "@better-auth/core";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import { alike } from "./alike.ts";
import { makeIntents } from "./intents.ts";
import * as Hashing from "./password/hashing.ts";
import { PasswordBlocklist, pwnedPasswords } from "./password/PasswordBlocklist.ts";
import { passwords } from "./password/passwords.ts";
import * as promises from "./promises.ts";
import type { Settings } from "./settings.ts";
import * as Throttle from "./throttle.ts";

/** As Better Auth's options want them. */
export interface Credentials {
  /** For its list of plugins, before the second factor's. */
  readonly plugins: ReadonlyArray<BetterAuthPlugin>;
  /** For the end of that list. */
  readonly recording: BetterAuthPlugin;
  /** For `emailAndPassword.password`. */
  readonly password: Pick<Hashing.Hashing, "hash" | "verify">;
  /** For `emailAndPassword`. */
  readonly onPasswordReset: Throttle.Throttle["onPasswordReset"];
}

/** As the settings say, over the database that is given; `putNothing` puts a message for nobody. */
export const makeCredentials: (
  settings: Settings,
  connection: ServiceConnection["Service"],
  putNothing: Effect.Effect<void>,
) => Effect.Effect<Credentials> = Effect.fnUntraced(function* (settings, connection, putNothing) {
  const beside = yield* PasswordBlocklist;
  const blocklist = Option.match(settings.pwnedPasswordsUrl, {
    onNone: () => beside,
    onSome: (url) => pwnedPasswords({ url, beside }),
  });
  const hashing = Hashing.make({
    memory: settings.passwordHashMemory,
    iterations: settings.passwordHashIterations,
  });
  const intents = makeIntents(connection);
  const throttle = Throttle.make(connection, intents.refused);
  return {
    password: { hash: hashing.hash, verify: hashing.verify },
    onPasswordReset: throttle.onPasswordReset,
    plugins: [
      passwords({ hashing, blocklist, words: [settings.appName, settings.baseUrl.hostname] }),
      alike(promises.inTransaction(connection), () => promises.leave(putNothing)),
      ...(settings.rateLimit ? [throttle.plugin] : []),
    ],
    recording: intents.plugin,
  };
});
