/** What users are told of what Better Auth refuses, by its codes. */
import type { Answer } from "./browser.ts";
import type { Problem } from "./form.ts";

const said: Readonly<Record<string, Problem>> = {
  INVALID_EMAIL_OR_PASSWORD: { text: "The e-mail address or the password is not right." },
  INVALID_EMAIL: { field: "email", text: "This is not an e-mail address." },
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: { field: "email", text: "This address has an account already." },
  USER_ALREADY_EXISTS: { field: "email", text: "This address has an account already." },
  PASSWORD_TOO_LONG: { field: "newPassword", text: "The password is too long." },
  INVALID_PASSWORD: { field: "password", text: "The password is not right." },
  INVALID_CODE: { field: "code", text: "The code is not right, or no longer valid. Enter the one that is shown now." },
  INVALID_BACKUP_CODE: { field: "code", text: "This is none of your unused backup codes." },
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: { text: "There were too many wrong codes. Sign in again." },
  ACCOUNT_TEMPORARILY_LOCKED: { text: "There were too many wrong codes. Try again in 15 minutes." },
  ORGANIZATION_ALREADY_EXISTS: { field: "slug", text: "Another organization has this short name." },
  ORGANIZATION_SLUG_ALREADY_TAKEN: { field: "slug", text: "Another organization has this short name." },
  BANNED_USER: { text: "This account is suspended. Ask whoever runs this service." },
  CANNOT_UNLINK_LAST_ACCOUNT: { text: "This is the only way by which you can sign in." },
  FAILED_TO_UNLINK_LAST_ACCOUNT: { text: "This is the only way by which you can sign in." },
  INVALID_OTP: { field: "code", text: "The code is not right, or no longer valid." },
  OTP_EXPIRED: { field: "code", text: "The code is too old. Have a new one sent." },
  TOO_MANY_ATTEMPTS: { text: "There were too many wrong codes. Have a new one sent." },
  INVALID_USERNAME_OR_PASSWORD: { text: "The user name or the password is not right." },
  SESSION_NOT_FRESH: {
    text: "It has been a while since you signed in. Sign out, sign in again, and then try this again.",
  },
};

/**
 * What is wrong, in words.
 *
 * @param fields the form's own names of those fields that it has: `{ newPassword: "password" }`
 */
export const problemOf = (
  { code, message, retryAfter, status }: Pick<Answer, "code" | "message" | "retryAfter" | "status">,
  fields: Readonly<Record<string, string>> = {},
): Problem => {
  // Better Auth's own limit has no code.
  if (status === 429 && code === "") {
    return { text: `That was too often. Try again in ${retryAfter ?? "a few"} seconds.` };
  }
  // Better Auth names the field, and says of it what only its programmers would say.
  const named = /^\[body\.(\w+)\]/.exec(message)?.[1];
  if (named !== undefined) {
    return {
      text: named === "email" ? "This is not an e-mail address." : "This cannot be taken as it is.",
      field: fields[named],
    };
  }
  const { field, text } = said[code] ?? {
    text: message === "" ? "This did not work. Try it again." : message,
    field: code.startsWith("PASSWORD_") ? "newPassword" : undefined,
  };
  return { text, field: field === undefined ? undefined : fields[field] };
};
