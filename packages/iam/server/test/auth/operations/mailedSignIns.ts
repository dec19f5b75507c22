import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { EmailCodes, MagicLinks } from "../../../src/auth/api/mailedSignIns.ts";
import { type Answers, answer, done, session, success, twoFactorChallenge, user } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { browsing, mailedTo } from "./verified.ts";

const { Boolean, Null, String, Union } = Schema;

/** The code in the next mail to an address. */
export const mailedCode = Effect.fnUntraced(function* (email: string) {
  const mailbox = yield* IamTest.Mailbox;
  let message = yield* mailbox.next;
  while (message.to !== email) message = yield* mailbox.next;
  return /^\d{6}$/m.exec(message.text)?.[0] ?? "";
});

export const magicLinks: Plugin = {
  title: "magic links",
  answers: {
    signInMagicLink: done,
    magicLinkVerify: Union([answer({ token: String, user, session }), twoFactorChallenge]),
  } satisfies Answers<keyof MagicLinks>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const email = "linked@example.com";
    const headers = new Headers();
    const body = { email, name: "Linked", callbackURL: "/there", newUserCallbackURL: "/new", errorCallbackURL: "/not" };
    yield* api.signInMagicLink({ headers, body });
    const first = yield* api.magicLinkVerify({ headers, query: { token: yield* mailedTo(email) } });
    assert.isTrue("user" in first && first.user.emailVerified && first.user.name === "Linked");
    yield* api.signInMagicLink({ headers, body: { email } });
    const query = { token: yield* mailedTo(email) };
    const begun = yield* api.magicLinkVerify({ headers, query, returnHeaders: true });
    const current = yield* api.getSession({ headers: browsing(begun.headers) });
    assert.deepInclude(current?.user, { email, lastLoginMethod: "magic-link" });
  }),
};

const noChange = "Users do not change their address here; its option is not set.";

export const emailCodes: Plugin = {
  title: "codes by mail",
  answers: {
    sendVerificationOTP: success,
    createVerificationOTP: String,
    checkVerificationOTP: success,
    verifyEmailOTP: answer({ status: Boolean, token: Null, user }),
    signInEmailOTP: Union([answer({ token: String, user }), twoFactorChallenge]),
    requestPasswordResetEmailOTP: success,
    resetPasswordEmailOTP: success,
  } satisfies Answers<keyof EmailCodes>,
  leftOut: {
    getVerificationOTP: "It reads a code, and codes are kept as hashes.",
    forgetPasswordEmailOTP: "It is the old name of `requestPasswordResetEmailOTP`.",
    requestEmailChangeEmailOTP: noChange,
    changeEmailEmailOTP: noChange,
  },
  scenario: Effect.fnUntraced(function* (api) {
    const email = "coded@example.com";
    yield* api.sendVerificationOTP({ body: { email, type: "sign-in" } });
    const otp = yield* mailedCode(email);
    const image = "https://example.com/coded.png";
    const begun = yield* api.signInEmailOTP({ body: { email, otp, name: "Coded", image }, returnHeaders: true });
    const current = yield* api.getSession({ headers: browsing(begun.headers) });
    assert.deepInclude(current?.user, { email, image, lastLoginMethod: "email-otp" });
    const again = yield* api.createVerificationOTP({ body: { email, type: "sign-in" } });
    yield* api.checkVerificationOTP({ body: { email, type: "sign-in", otp: again } });
    yield* api.signInEmailOTP({ body: { email, otp: again } });
    yield* api.sendVerificationOTP({ body: { email, type: "email-verification" } });
    yield* api.verifyEmailOTP({ body: { email, otp: yield* mailedCode(email) } });
    yield* api.requestPasswordResetEmailOTP({ body: { email } });
    yield* api.resetPasswordEmailOTP({ body: { email, otp: yield* mailedCode(email), password: IamTest.password } });
    yield* api.signInEmail({ body: { email, password: IamTest.password } });
  }),
};
