/** Passwords that nobody may choose, because they are tried first. */
import { createHash } from "node:crypto";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import { isPredictable } from "./predictable.ts";

/** A password that somebody wants. */
export interface Candidate {
  readonly password: string;
  /** What says something of the service or of the user, and so is no secret: names, addresses. */
  readonly words: ReadonlyArray<string>;
}

/** Says of a password whether it is refused (SP 800-63B-4, 3.1.1.2). */
export interface Blocklist {
  readonly isListed: (candidate: Candidate) => Effect.Effect<boolean>;
}

/**
 * The list that comes along: common passwords, repetitions, sequences, and the names of the service and of the user. It
 * asks nobody.
 */
export const offline: Blocklist = {
  isListed: ({ password, words }) => Effect.sync(() => isPredictable(password, words)),
};

/**
 * The list that counts: `offline`, unless another is provided to `Iam.layer`, or to what is composed of `Auth.layer`:
 * `Iam.layer.pipe(Layer.provide(Layer.succeed(PasswordBlocklist.PasswordBlocklist, list)))`.
 */
export const PasswordBlocklist = Context.Reference<Blocklist>("@beep/iam-server/auth/PasswordBlocklist", {
  defaultValue: () => offline,
});

/** A service of compromised passwords gave no answer that can be used. */
class Unanswered extends Data.TaggedError("Unanswered")<{ readonly cause: unknown }> {}

/**
 * Also asks a service of compromised passwords, by the protocol of Have I Been Pwned's range search: it is told the first
 * five of the forty characters of the password's SHA-1, and its answer is padded, so that neither it nor the network
 * learns of the password (k-anonymity).
 *
 * When it does not answer in time, the other list's word stands, and the log says so: that nobody can choose a password
 * while somebody else's service is down would be worse.
 *
 * @param options.url what the five characters are appended to: `https://api.pwnedpasswords.com/range/`
 * @param options.beside the list that is asked first
 * @param options.timeout for the whole answer; 2 seconds where nothing is said
 */
export const pwnedPasswords = (options: {
  readonly url: URL;
  readonly beside: Blocklist;
  readonly timeout?: Duration.Input;
}): Blocklist => {
  const answerTo = (prefix: string) =>
    Effect.tryPromise({
      try: async (signal) => {
        const response = await fetch(new URL(prefix, options.url), {
          headers: { "add-padding": "true", "user-agent": "beep-iam" },
          redirect: "error",
          signal,
        });
        if (!response.ok) throw new Error(`The service answered ${response.status}.`);
        return await response.text();
      },
      catch: (cause) => new Unanswered({ cause }),
    }).pipe(
      Effect.timeoutOrElse({
        duration: options.timeout ?? Duration.seconds(2),
        orElse: () => Effect.fail(new Unanswered({ cause: new Error("The service did not answer in time.") })),
      }),
    );
  return {
    isListed: Effect.fn("PasswordBlocklist.isListed")(function* (candidate) {
      if (yield* options.beside.isListed(candidate)) return true;
      const digest = createHash("sha1").update(candidate.password).digest("hex").toUpperCase();
      return yield* answerTo(digest.slice(0, 5)).pipe(
        Effect.map((lines) => isIn(lines, digest.slice(5))),
        Effect.catchTag("Unanswered", (error) =>
          Effect.as(
            Effect.logWarning("Compromised passwords could not be asked for; the offline list alone was.", error),
            false,
          ),
        ),
      );
    }),
  };
};

/** Lines of a suffix and how often it was seen; what pads the answer was seen 0 times. */
const isIn = (lines: string, suffix: string): boolean =>
  lines.split(/\r?\n/).some((line) => {
    const [seen, count] = line.split(":");
    return seen?.toUpperCase() === suffix && Number(count) > 0;
  });
