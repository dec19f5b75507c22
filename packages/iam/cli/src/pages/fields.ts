/** Fields that several forms have. */
import { Auth } from "@beep/iam-server";
import type { Field } from "./kit/form.ts";
import { html } from "./kit/html.ts";

/** The address by which somebody signs in, or is to be known. */
export const email = {
  name: "email",
  label: "E-mail address",
  type: "email",
  autocomplete: "username",
  inputmode: "email",
} as const satisfies Field;

/** The password that somebody has. */
export const password = {
  name: "password",
  label: "Password",
  type: "password",
  autocomplete: "current-password",
} as const satisfies Field;

const set = { name: "password", label: "Password", type: "password", autocomplete: "new-password" } as const;

/** A password that is set, of a length that is enough alone. */
export const newPassword = {
  ...set,
  minlength: Auth.MIN_PASSWORD_LENGTH,
  hint: `${Auth.MIN_PASSWORD_LENGTH} characters or more. Four random words do well.`,
} as const satisfies Field;

/** A password that is set beside a second factor. */
export const newPasswordWithSecondFactor = {
  ...set,
  minlength: Auth.MIN_LENGTH_WITH_SECOND_FACTOR,
  hint: `${Auth.MIN_LENGTH_WITH_SECOND_FACTOR} characters or more, beside your second step.`,
} as const satisfies Field;

/** A person's name. */
export const name = { name: "name", label: "Name", autocomplete: "name" } as const satisfies Field;

/** A code of an authenticator app. */
export const totp = {
  name: "code",
  label: "Code",
  autocomplete: "one-time-code",
  inputmode: "numeric",
  maxlength: 6,
  code: true,
} as const satisfies Field;

/** By which a password manager knows whose the passwords of a form are. */
export const owner = (email: string) =>
  html`<input type="text" name="username" value="${email}" autocomplete="username" hidden>`;
