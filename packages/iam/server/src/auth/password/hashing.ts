/**
 * How passwords are kept: hashed by argon2id (RFC 9106), in the PHC string form, which states its own parameters. Hashes
 * of Better Auth's, which are scrypt's, are still verified.
 */
import { hash, parseOptions, verify } from "@node-rs/argon2";
import { verifyPassword as verifyScrypt } from "better-auth/crypto";

/** What a guess costs. */
export interface Cost {
  /** In MiB. */
  readonly memory: number;
  /** How many passes over it. */
  readonly iterations: number;
}

/** What hashes passwords and verifies them. */
export interface Hashing {
  /** The hash of a password under a new salt. */
  readonly hash: (password: string) => Promise<string>;
  /** Whether a password is the one that was hashed. */
  readonly verify: (input: { readonly hash: string; readonly password: string }) => Promise<boolean>;
  /** Whether a guess at this hash costs less than at one that is made now. */
  readonly isWeak: (hash: string) => boolean;
}

const isArgon = (hash: string): boolean => hash.startsWith("$argon2");

/** As the package numbers it; its own enumeration exists for compilers only. */
const ARGON2ID = 2;

/**
 * SP 800-63B-4, 3.1.1.2: what looks the same is the same password, however a keyboard composed it. Better Auth's own
 * hashes were made of the same form.
 */
export const normalized = (password: string): string => password.normalize("NFKC");

/** Hashing at a cost. Every character counts: argon2 takes the password as a whole. */
export const make = ({ iterations, memory }: Cost): Hashing => {
  const memoryCost = memory * 1024;
  return {
    hash: (password) => hash(normalized(password), { memoryCost, timeCost: iterations, parallelism: 1 }),
    verify: (input) =>
      isArgon(input.hash) ? verify(input.hash, normalized(input.password)) : verifyScrypt({ ...input }),
    isWeak: (stored) => {
      if (!isArgon(stored)) return true;
      const made = parseOptions(stored);
      return made.algorithm !== ARGON2ID || made.memoryCost < memoryCost || made.timeCost < iterations;
    },
  };
};
