/** TypeIDs in SQL. */
import { type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";

/** Crockford's alphabet, as TypeIDs have it. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** A TypeID's suffix is 26 times five bits: two that are zero, and the id's 128. */
const LETTERS = 26;

/** The letter of the five bits at a place; before the id's bits stand eight that are zero, of which six are left out. */
const letter = (place: number): string =>
  `substr('${ALPHABET}', substring(bits from ${7 + 5 * place} for 5)::int + 1, 1)`;

const letters = sql.raw(Array.from({ length: LETTERS }, (_, place) => letter(place)).join(" || "));

/**
 * The id in a column as the TypeID that it has everywhere else: PostgreSQL computes it, so that one statement is enough. By
 * `offset 0` it makes the bits once, and not for each letter.
 */
export const typeIdOf = (id: PgColumn, prefix: string): SQL =>
  sql`(select ${sql.raw(`'${prefix}_'`)} || ${letters}
    from (select ('x' || lpad(replace(${id}::text, '-', ''), 34, '0'))::bit(136) as bits offset 0) id)`;
