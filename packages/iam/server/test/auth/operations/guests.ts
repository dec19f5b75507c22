import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Guests } from "../../../src/auth/api/guests.ts";
import { type Answers, answer, success, user } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { browsing } from "./verified.ts";

export const guests: Plugin = {
  title: "guests",
  answers: {
    signInAnonymous: answer({ token: Schema.String, user }),
    deleteAnonymousUser: success,
  } satisfies Answers<keyof Guests>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    yield* api.signInAnonymous({});
    const begun = yield* api.signInAnonymous({ returnHeaders: true });
    const headers = browsing(begun.headers);
    assert.isTrue((yield* api.getSession({ headers }))?.user.isAnonymous);
    const ended = yield* api.deleteAnonymousUser({ headers, returnHeaders: true });
    assert.notInclude(browsing(ended.headers, headers).get("cookie"), "session_token=");
    yield* api.deleteAnonymousUser({
      headers: browsing((yield* api.signInAnonymous({ returnHeaders: true })).headers),
    });
  }),
};
