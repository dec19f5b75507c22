/** The data key of a user, read along with what it opens. */
import type { KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";

const { dataKey } = IamDbSchema;

const TYPE: KeyOwner.KeyOwner["type"] = "user";

/** Crockford's alphabet, as TypeIDs have it. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** A TypeID's suffix is 26 times five bits: two that are zero, and the id's 128. */
const LETTERS = 26;

/** The letter of the five bits at a place; before the id's bits stand eight that are zero, of which six are left out. */
const letter = (place: number): string =>
  `substr('${ALPHABET}', substring(bits from ${7 + 5 * place} for 5)::int + 1, 1)`;

const letters = sql.raw(Array.from({ length: LETTERS }, (_, place) => letter(place)).join(" || "));

/**
 * A user's id as the TypeID that a key's row names its owner by: PostgreSQL computes it, so that one statement is enough. By
 * `offset 0` it makes the bits once, and not for each letter.
 */
const typeIdOf = (id: PgColumn): SQL =>
  sql`(select ${sql.raw(`'${SharedEntityIds.UserId.prefix}_'`)} || ${letters}
    from (select ('x' || lpad(replace(${id}::text, '-', ''), 34, '0'))::bit(136) as bits offset 0) id)`;

/** Whether a key is the one that seals for the user of an id. */
export const isKeyOf = (id: PgColumn): SQL | undefined =>
  and(
    sql`${dataKey.ownerType} = ${sql.raw(`'${TYPE}'`)}`,
    eq(dataKey.ownerId, typeIdOf(id)),
    isNull(dataKey.retiredAt),
  );
