import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Devices } from "../../../src/auth/api/devices.ts";
import { type Answers, answer, success } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { person } from "./verified.ts";

const { Literal, Literals, NullOr, Number, String, optional } = Schema;

export const devices: Plugin = {
  title: "devices",
  answers: {
    deviceCode: answer({
      device_code: String,
      user_code: String,
      verification_uri: String,
      verification_uri_complete: String,
      expires_in: Number,
      interval: Number,
    }),
    deviceToken: answer({ access_token: String, token_type: Literal("Bearer"), expires_in: Number, scope: String }),
    deviceVerify: answer({
      user_code: String,
      status: Literals(["pending", "approved", "denied"]),
      client_id: optional(NullOr(String)),
      scope: optional(NullOr(String)),
    }),
    deviceApprove: success,
    deviceDeny: success,
  } satisfies Answers<keyof Devices>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const { id, headers } = yield* person("viewer");
    const client_id = "television";
    const asked = yield* api.deviceCode({ body: { client_id, scope: "watch" } });
    const body = {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      device_code: asked.device_code,
      client_id,
    } as const;
    const query = { user_code: asked.user_code };
    assert.notProperty(yield* api.deviceVerify({ query }), "client_id");
    assert.deepInclude(yield* api.deviceVerify({ headers, query }), { status: "pending", client_id, scope: "watch" });
    yield* api.deviceApprove({ headers, body: { userCode: asked.user_code } });
    const { access_token } = yield* api.deviceToken({ body });
    const bearing = new Headers({ authorization: `Bearer ${access_token}` });
    assert.strictEqual((yield* api.getSession({ headers: bearing }))?.user.id, id);

    const other = yield* api.deviceCode({ body: { client_id } });
    yield* api.deviceVerify({ headers, query: { user_code: other.user_code } });
    yield* api.deviceDeny({ headers, body: { userCode: other.user_code } });
  }),
};
