/** Which passwords are accepted: NIST SP 800-63B-4, 3.1.1.2. There are no rules of composition, and none expires. */
import { APIError } from "@better-auth/core/error";
import * as promises from "../promises.ts";
import { normalized } from "./hashing.ts";
import type { Blocklist } from "./PasswordBlocklist.ts";

/** In Unicode code points, of a password that is the only factor. */
export const MIN_PASSWORD_LENGTH = 15;

/** In Unicode code points, of a password beside a second factor. */
export const MIN_LENGTH_WITH_SECOND_FACTOR = 8;

/** In UTF-16 code units, as Better Auth counts: 64 characters are let through whatever they are. */
export const MAX_PASSWORD_LENGTH = 256;

/** Whose password it is to be. */
export interface Subject {
  readonly hasSecondFactor: boolean;
  /** What says something of the user or the service. */
  readonly words: ReadonlyArray<string>;
}

const tooShort = (minimum: number, more = "") =>
  new APIError("BAD_REQUEST", {
    code: "PASSWORD_TOO_SHORT",
    message: `The password must have ${minimum} characters or more.${more}`,
  });

const isShorter = (password: string, minimum: number): boolean => [...normalized(password)].length < minimum;

/** Refuses a password that nobody, or this user, may have. */
export const demandAcceptable = async (blocklist: Blocklist, password: string, subject: Subject): Promise<void> => {
  const minimum = subject.hasSecondFactor ? MIN_LENGTH_WITH_SECOND_FACTOR : MIN_PASSWORD_LENGTH;
  if (isShorter(password, minimum)) throw tooShort(minimum);
  if (await promises.leave(blocklist.isListed({ password, words: subject.words }))) {
    throw new APIError("BAD_REQUEST", {
      code: "PASSWORD_COMPROMISED",
      message: "This password is among those that are tried first. Choose another: a few unlikely words do well.",
    });
  }
};

/** Refuses to let a password be the only factor that is too short for that. */
export const demandLongEnoughAlone = (password: string): void => {
  if (isShorter(password, MIN_PASSWORD_LENGTH)) {
    throw tooShort(MIN_PASSWORD_LENGTH, " Without a second factor it is too short: change it first.");
  }
};
