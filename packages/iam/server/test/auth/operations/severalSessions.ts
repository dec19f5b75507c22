import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { SeveralSessions } from "../../../src/auth/api/severalSessions.ts";
import { type Answers, answer, done, list, session, user } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { browsing, person } from "./verified.ts";

export const severalSessions: Plugin = {
  title: "several sessions",
  answers: {
    listDeviceSessions: list(answer({ session, user })),
    setActiveSession: answer({ session, user }),
    revokeDeviceSession: done,
  } satisfies Answers<keyof SeveralSessions>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const one = yield* person("several-one");
    const two = yield* person("several-two");
    const second = yield* api.signInEmail({
      headers: one.headers,
      body: { email: two.email, password: IamTest.password },
      returnHeaders: true,
    });
    const both = browsing(second.headers, one.headers);
    const listed = yield* api.listDeviceSessions({ headers: both });
    assert.sameMembers(
      listed.map(({ user }) => user.email),
      [one.email, two.email],
    );
    const tokenOf = (email: string) => listed.find(({ user }) => user.email === email)?.session.token ?? "";
    const body = { sessionToken: tokenOf(one.email) };
    yield* api.setActiveSession({ headers: both, body });
    const active = yield* api.setActiveSession({ headers: both, body, returnHeaders: true });
    const switched = browsing(active.headers, both);
    assert.strictEqual((yield* api.getSession({ headers: switched }))?.user.email, one.email);
    const revoked = yield* api.revokeDeviceSession({ headers: switched, body, returnHeaders: true });
    const left = browsing(revoked.headers, switched);
    assert.strictEqual((yield* api.getSession({ headers: left }))?.user.email, two.email);
    yield* api.revokeDeviceSession({ headers: left, body: { sessionToken: tokenOf(two.email) } });
  }),
};
