/** Reading what PostgreSQL said out of what the layers above it throw. */
import * as Cause from "effect/Cause";
import * as Predicate from "effect/Predicate";

/** Raised by the row trigger when an update states a version that is not the current one. */
export const staleVersion = "IA001";
/** Raised by the row trigger when an update changes what a row is given once: its id, creation or organization. */
export const givenOnce = "IA002";
/** Raised when a login to be granted the roles does not exist. */
export const noSuchLogin = "IA003";
/** Raised when a login holds the roles without taking them, so that it would see every row outside a scope. */
export const inheritingLogin = "IA004";
/** Raised when row security does not bind a login, so that it would see every row outside a scope. */
export const bypassingLogin = "IA005";
/** Raised when a row that stays as it was written is to be changed or deleted. */
export const immutable = "IA006";
/** The protocol does not allow that: also what a pooler says to what it does not know. */
export const protocolViolation = "08P01";
/** The login may not do that. */
export const insufficientPrivilege = "42501";
/** Somebody else holds the lock for longer than this one waits. */
export const lockNotAvailable = "55P03";
/** The server has no database of that name. */
export const noSuchDatabase = "3D000";
/** The server, the database or the login has no connection left. */
export const tooManyConnections = "53300";
/** It exists already. */
export const uniqueViolation = "23505";
/** What it refers to does not exist. */
export const foreignKeyViolation = "23503";

/** An error and what caused it, from the outside in: drizzle's error, the `SqlError`, its reason, the server's message. */
const chain = (error: unknown): ReadonlyArray<unknown> => {
  if (Cause.isCause(error)) return chain(Cause.squash(error));
  if (Predicate.hasProperty(error, "reason") && Predicate.isObject(error.reason))
    return [error, ...chain(error.reason)];
  if (Predicate.hasProperty(error, "cause") && Predicate.isObject(error.cause)) return [error, ...chain(error.cause)];
  return [error];
};

/** The innermost error: PostgreSQL's, or the socket's. */
const inner = (error: unknown): unknown => chain(error).at(-1);

/** What PostgreSQL, or the socket, said. */
export const message = (error: unknown): string => {
  const innermost = inner(error);
  return innermost instanceof Error ? innermost.message : String(innermost);
};

/**
 * The SQLSTATE of a failed statement, from an `SqlError`, from drizzle's error around it, or from a cause of either.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const of = (error: unknown): string | undefined => {
  const innermost = inner(error);
  return Predicate.hasProperty(innermost, "code") && typeof innermost.code === "string" ? innermost.code : undefined;
};

/** Whether the database broke the transaction off in favour of another: a serialization failure or a deadlock. */
export const isContention = (error: unknown): boolean => {
  const state = of(error);
  return state === "40001" || state === "40P01";
};

/** Whether the connection was lost: the server went away, or ended the session. */
export const isConnectionLoss = (error: unknown): boolean =>
  chain(error).some((link) => Predicate.isTagged(link, "ConnectionError")) || (of(error)?.startsWith("57P") ?? false);

/**
 * Whether a column refused a value: it is missing, out of range, against a check, no text that PostgreSQL can hold, or
 * too long for the column's index.
 */
export const isRefusedValue = (error: unknown): boolean => {
  const state = of(error);
  return state === "23502" || state === "23514" || state === "54000" || (state?.startsWith("22") ?? false);
};
