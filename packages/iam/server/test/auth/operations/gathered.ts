/** Secrets that operations gave away, which nobody must find in the database afterwards. */

const secrets = new Set<string>();

/** All of them. */
export const gathered: ReadonlySet<string> = secrets;

/** Members of answers that hold secrets, at whatever depth. */
const members: ReadonlySet<string> = new Set([
  "access_token",
  "backupCodes",
  "client_secret",
  "clientSecret",
  "device_code",
  "key",
  "nonce",
  "refresh_token",
  "token",
  "totpURI",
  "user_code",
]);

/** What is shorter may stand anywhere by chance; what has the form of a digest is what the database holds. */
const keep = (text: string): void => {
  if (text.length >= 8 && !text.startsWith("digest:1:")) secrets.add(text);
};

/** Keeps a secret in mind. */
export const gather = (text: string): string => {
  keep(text);
  return text;
};

/** Keeps in mind what an answer gives away. */
export const gatherFrom = (answer: unknown): void => {
  if (Array.isArray(answer)) for (const part of answer) gatherFrom(part);
  if (!(answer instanceof Object)) return;
  for (const [name, value] of Object.entries(answer)) {
    if (members.has(name)) {
      for (const text of [value].flat()) {
        if (typeof text !== "string") continue;
        const secret = text.startsWith("otpauth:") ? new URL(text).searchParams.get("secret") : text;
        if (secret !== null) keep(secret);
      }
    }
    gatherFrom(value);
  }
};
