import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { PhoneNumbers } from "../../../src/auth/api/phoneNumbers.ts";
import { type Answers, answer, done, told, twoFactorChallenge, user } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { browsing, person } from "./verified.ts";

const { Boolean, NullOr, String, Union } = Schema;

/** The code in the next text message. */
export const texted = Effect.gen(function* () {
  const { text } = yield* Effect.flatMap(IamTest.Mailbox, ({ nextText }) => nextText);
  return /\d{6}/.exec(text)?.[0] ?? "";
});

export const phoneNumbers: Plugin = {
  title: "phone numbers",
  answers: {
    signInPhoneNumber: Union([answer({ token: String, user }), twoFactorChallenge]),
    sendPhoneNumberOTP: told,
    consumePhoneNumberOTP: done,
    verifyPhoneNumber: Union([answer({ status: Boolean, token: NullOr(String), user }), twoFactorChallenge]),
    requestPasswordResetPhoneNumber: done,
    resetPasswordPhoneNumber: done,
  } satisfies Answers<keyof PhoneNumbers>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const phoneNumber = "+4915112345601";
    const sent = Effect.andThen(api.sendPhoneNumberOTP({ body: { phoneNumber } }), texted);
    yield* api.consumePhoneNumberOTP({ body: { phoneNumber, code: yield* sent } });
    yield* api.verifyPhoneNumber({ body: { phoneNumber, code: yield* sent, disableSession: true } });
    const begun = yield* api.verifyPhoneNumber({ body: { phoneNumber, code: yield* sent }, returnHeaders: true });
    const current = yield* api.getSession({ headers: browsing(begun.headers) });
    assert.strictEqual(current?.user.phoneNumber, phoneNumber);

    yield* api.requestPasswordResetPhoneNumber({ body: { phoneNumber } });
    const newPassword = IamTest.password;
    yield* api.resetPasswordPhoneNumber({ body: { phoneNumber, otp: yield* texted, newPassword } });
    yield* api.signInPhoneNumber({ body: { phoneNumber, password: newPassword } });
    yield* api.signInPhoneNumber({ body: { phoneNumber, password: newPassword }, returnHeaders: true });

    const { headers } = yield* person("phoned");
    const other = { phoneNumber: "+4915112345602", updatePhoneNumber: true };
    yield* api.sendPhoneNumberOTP({ body: { phoneNumber: other.phoneNumber } });
    yield* api.verifyPhoneNumber({ headers, body: { ...other, code: yield* texted } });
    assert.isTrue((yield* api.getSession({ headers }))?.user.phoneNumberVerified);
  }),
};
