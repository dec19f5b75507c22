/** Passwords that nobody may choose, because they are tried first. */
import { createHash } from "node:crypto";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as FetchHttpClient from "effect/http/FetchHttpClient";
import * as HttpClient from "effect/http/HttpClient";
import * as HttpClientResponse from "effect/http/HttpClientResponse";
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
    HttpClient.get(new URL(prefix, options.url), {
      headers: { "add-padding": "true", "user-agent": "beep-iam" },
    }).pipe(
      Effect.flatMap(HttpClientResponse.filterStatusOk),
      Effect.flatMap((response) => response.text),
      Effect.timeout(options.timeout ?? Duration.seconds(2)),
      Effect.provide(FetchHttpClient.layer),
      Effect.provideService(FetchHttpClient.RequestInit, { redirect: "error" }),
      // The address says something of the password, and the service is not part of the trace.
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false),
    );
  return {
    isListed: Effect.fn("PasswordBlocklist.isListed")(function* (candidate) {
      if (yield* options.beside.isListed(candidate)) return true;
      const digest = createHash("sha1").update(candidate.password).digest("hex").toUpperCase();
      return yield* answerTo(digest.slice(0, 5)).pipe(
        Effect.map((lines) => isIn(lines, digest.slice(5))),
        // Only its kind is told: the address in it says something of the password.
        Effect.catch(({ _tag: kind }) =>
          Effect.as(
            Effect.logWarning(
              `Compromised passwords could not be asked for (${kind}); the list that comes along counts.`,
            ),
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
