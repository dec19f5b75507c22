/**
 * What was presented in a request of which the database holds digests only. Better Auth compares the sessions that it lists
 * with the one that it is asked in, by their tokens: that one's is known, and those of others are digests.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as promises from "./promises.ts";

/** What was presented so far, by its digests. */
export const Presented = Context.Reference<Map<string, string> | undefined>("@beep/iam-server/auth/Presented", {
  defaultValue: () => undefined,
});

/** Runs a call of Better Auth's in which what was presented is remembered; one within another remembers with it. */
export const remembering = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Presented, (known) => Effect.provideService(effect, Presented, known ?? new Map()));

/** Remembers what a digest was made of, until the call is over. */
export const remember = (digest: string, text: string): void => {
  promises.reference(Presented)?.set(digest, text);
};

/** What a digest was made of, where it was presented; else the digest. */
export const recalled = (digest: string): string => promises.reference(Presented)?.get(digest) ?? digest;
