/** A password that is typed or piped, and never an argument, which others on the machine could read. */

import type { Environment } from "effect/cli/Command";
import * as Prompt from "effect/cli/Prompt";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as Stdio from "effect/Stdio";
import * as Stream from "effect/Stream";
import { Refused } from "./Refused.ts";

/** Asks for the password on a terminal, and otherwise reads it from standard input. */
export const read: Effect.Effect<Redacted.Redacted, Refused, Environment> = Effect.gen(function* () {
  const stdio = yield* Stdio.Stdio;
  const password = (yield* stdio.stdinIsTerminal)
    ? yield* Prompt.run(Prompt.Password({ message: "Password" }))
    : Redacted.make((yield* Effect.orDie(Stream.mkString(Stream.decodeText(stdio.stdin)))).replace(/\r?\n$/, ""));
  return Redacted.value(password) === "" ? yield* missing() : password;
}).pipe(Effect.catchTag("QuitError", () => missing()));

const missing = () =>
  new Refused({
    code: "PASSWORD_MISSING",
    message: "No password was given.",
    remedy: "Type it, or pipe it in: `iam … < file`.",
  });
