import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { EthereumSignIns, Jwts, OneTimeTokens } from "../../../src/auth/api/tokens.ts";
import { type Answers, answer, list, session, user } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { browsing, person } from "./verified.ts";

const { NullOr, Record, String, Unknown } = Schema;

export const jwts: Plugin = {
  title: "signed tokens",
  answers: {
    getToken: answer({ token: String }),
    getJwks: answer({
      keys: list(answer({ kid: String, kty: String, alg: String, crv: String, x: String, y: String })),
    }),
    signJWT: answer({ token: String }),
    verifyJWT: answer({ payload: NullOr(Record(String, Unknown)) }),
  } satisfies Answers<keyof Jwts>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const { id, headers } = yield* person("tokened");
    const { token } = yield* api.getToken({ headers });
    assert.lengthOf((yield* api.getJwks({})).keys, 1);
    const { payload } = yield* api.verifyJWT({ body: { token } });
    assert.strictEqual(payload?.sub, id);
    const signed = yield* api.signJWT({ body: { payload: { sub: "robot", color: "red" } } });
    const issuer = "http://localhost:3000";
    assert.deepInclude((yield* api.verifyJWT({ body: { ...signed, issuer } })).payload, { color: "red" });
    assert.isNull((yield* api.verifyJWT({ body: { token: `${token}x` } })).payload);
  }),
};

export const oneTimeTokens: Plugin = {
  title: "one-time tokens",
  answers: {
    generateOneTimeToken: answer({ token: String }),
    verifyOneTimeToken: answer({ session, user }),
  } satisfies Answers<keyof OneTimeTokens>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const { id, headers } = yield* person("carried");
    yield* api.verifyOneTimeToken({ body: yield* api.generateOneTimeToken({ headers }) });
    const body = yield* api.generateOneTimeToken({ headers });
    const there = yield* api.verifyOneTimeToken({ body, returnHeaders: true });
    assert.strictEqual((yield* api.getSession({ headers: browsing(there.headers) }))?.user.id, id);
  }),
};

export const ethereumSignIns: Plugin = {
  title: "Ethereum accounts",
  answers: { getSiweNonce: answer({ nonce: String }) } satisfies Answers<keyof EthereumSignIns>,
  leftOut: {
    getNonce: "It is the old name of `getSiweNonce`.",
    verifySiweMessage: "Better Auth takes the message from a request only.",
  },
  scenario: (api) => api.getSiweNonce({}),
};
