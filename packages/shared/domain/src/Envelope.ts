/**
 * The form in which a secret is kept: `sealed:1:<id of the data key>:<nonce, ciphertext and tag in base64url>`. What has
 * another form is refused by the database wherever a table says that a column is sealed.
 */
import { DataKeyId } from "./IamEntityIds.ts";

/** What an envelope looks like, for JavaScript and PostgreSQL alike. A nonce has 12 bytes, a tag 16. */
export const pattern = "^sealed:1:datakey_[0-7][0-9a-hjkmnp-tv-z]{25}:[A-Za-z0-9_-]{38,}$";

const form = new RegExp(pattern);

/** Whether a text has the form of an envelope. */
export const is = (text: string): boolean => form.test(text);

/** What all envelopes of this form begin with. */
const prefix = "sealed:1:";

/** Where in an envelope the id of the data key begins, as PostgreSQL counts, and how long it is. */
export const DATA_KEY_AT = prefix.length + 1;
export const DATA_KEY_LENGTH = `${DataKeyId.prefix}_`.length + 26;

/** The header of an envelope: its form, and the data key under which it is sealed. Sealing authenticates it too. */
export const header = (dataKey: DataKeyId): string => `${prefix}${dataKey}`;

/** An envelope. `sealed` is nonce, ciphertext and tag in base64url. */
export const make = (dataKey: DataKeyId, sealed: string): string => `${header(dataKey)}:${sealed}`;

/** The parts of an envelope; nothing, where a text is none. */
export const parse = (text: string): { readonly dataKey: DataKeyId; readonly sealed: string } | undefined => {
  if (!is(text)) return undefined;
  const [dataKey, sealed] = text.slice(prefix.length).split(":");
  return DataKeyId.is(dataKey) && sealed !== undefined ? { dataKey, sealed } : undefined;
};
