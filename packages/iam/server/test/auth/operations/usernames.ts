import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Usernames } from "../../../src/auth/api/usernames.ts";
import { type Answers, answer, redirection, twoFactorChallenge, user } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { browsing, person } from "./verified.ts";

const { Boolean, String, Undefined, Union } = Schema;

export const usernames: Plugin = {
  title: "user names",
  answers: {
    signInUsername: Union([
      answer({ token: String, user, redirect: redirection.redirect, url: Union([String, Undefined]) }),
      twoFactorChallenge,
    ]),
    isUsernameAvailable: answer({ available: Boolean }),
  } satisfies Answers<keyof Usernames>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const { headers } = yield* person("named");
    yield* api.updateUser({ headers, body: { username: "Na.Med", displayUsername: "Na.Med" } });
    assert.isFalse((yield* api.isUsernameAvailable({ body: { username: "na.med" } })).available);
    assert.isTrue((yield* api.isUsernameAvailable({ body: { username: "na.med.too" } })).available);
    const body = { username: "NA.MED", password: IamTest.password };
    yield* api.signInUsername({ body: { ...body, callbackURL: "/" } });
    const begun = yield* api.signInUsername({ body: { ...body, rememberMe: false }, returnHeaders: true });
    const current = yield* api.getSession({ headers: browsing(begun.headers) });
    assert.deepInclude(current?.user, { username: "na.med", displayUsername: "Na.Med", lastLoginMethod: "username" });
  }),
};
