/**
 * Ids that Better Auth makes itself: of what may be used once, it makes the row's id a digest, so that the database
 * refuses the second row. Its digests become ids of ours.
 */
import type { EntityId } from "@beep/shared-domain";
import type { Where } from "@better-auth/core/db/adapter";

/** Where it does so: of what is reserved, an address say that somebody claims, and of a client's assertion in OAuth. */
const models: ReadonlySet<string> = new Set(["verification", "oauthClientAssertion"]);

/** SHA-256 in base64url, whole or the first 24 bytes of it. */
const digest = /^(?:[\w-]{32}|[\w-]{43})$/;

/**
 * The id over a digest's first 128 bits: a collision is as good as impossible, and would let nothing be used twice.
 * Whatever is no such digest stays what it is.
 */
const over = <Value>(model: string, Id: EntityId.Any | undefined, value: Value): Value | string => {
  if (Id === undefined || !models.has(model) || typeof value !== "string" || Id.is(value) || !digest.test(value)) {
    return value;
  }
  const hex = Buffer.from(value, "base64url").toString("hex", 0, 16);
  return Id.fromUuid(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5"));
};

/** The values of a new row; the very same unless their id was a digest. */
export const inValues = <Values extends object>(
  model: string,
  Id: EntityId.Any | undefined,
  values: Values,
): Values => {
  if (!("id" in values)) return values;
  const id = over(model, Id, values.id);
  return id === values.id ? values : { ...values, id };
};

/** The conditions by which a row is looked for. */
export const inConditions = (model: string, Id: EntityId.Any | undefined, where: ReadonlyArray<Where>): Where[] =>
  where.map((condition) =>
    condition.field === "id" ? { ...condition, value: over(model, Id, condition.value) } : condition,
  );
