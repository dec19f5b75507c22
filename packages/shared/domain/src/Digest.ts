/**
 * The form in which a secret is kept that is only ever looked up: `digest:1:` and a SHA-256 or HMAC-SHA-256 in base64url.
 * Whatever has another form is refused by the database wherever a table says that a column is looked up by its digest.
 */

/** What a digest looks like, for JavaScript and PostgreSQL alike. */
export const pattern = "^digest:1:[A-Za-z0-9_-]{43}$";

const form = new RegExp(pattern);

/** Whether a text has the form of a digest. */
export const is = (text: string): boolean => form.test(text);

/** The digest of 256 bits in base64url. */
export const make = (bits: string): string => `digest:1:${bits}`;
