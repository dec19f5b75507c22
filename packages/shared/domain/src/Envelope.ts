/**
 * The form in which a secret is kept: `sealed:1:<id of the data key>:<nonce, ciphertext and tag in base64url>`. What has
 * another form is refused by the database wherever a table says that a column is sealed.
 */

/** What an envelope looks like, for JavaScript and PostgreSQL alike. A nonce has 12 bytes, a tag 16. */
export const pattern = "^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$";

const form = new RegExp(pattern);

/** Whether a text has the form of an envelope. */
export const is = (text: string): boolean => form.test(text);
