import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Passkeys } from "../../../src/auth/api/passkeys.ts";
import { authenticator } from "../authenticator.ts";
import { type Answers, answer, done, list, passkey, session, user } from "./answers.ts";
import type { Plugin } from "./Plugin.ts";
import { browsing, person } from "./verified.ts";

const options = Schema.StructWithRest(Schema.Struct({ challenge: Schema.String }), [
  Schema.Record(Schema.String, Schema.Unknown),
]);

export const passkeys: Plugin = {
  title: "passkeys",
  answers: {
    generatePasskeyRegistrationOptions: options,
    verifyPasskeyRegistration: passkey,
    generatePasskeyAuthenticationOptions: options,
    verifyPasskeyAuthentication: answer({ session, user }),
    listPasskeys: list(passkey),
    updatePasskey: answer({ passkey }),
    deletePasskey: done,
  } satisfies Answers<keyof Passkeys>,
  leftOut: {},
  scenario: Effect.fnUntraced(function* (api) {
    const { id, headers } = yield* person("keyed");
    const device = authenticator();
    yield* api.generatePasskeyRegistrationOptions({ headers, query: { name: "Keyed" } });
    const wanted = yield* api.generatePasskeyRegistrationOptions({ headers, returnHeaders: true });
    const made = yield* api.verifyPasskeyRegistration({
      headers: browsing(wanted.headers, headers),
      body: { response: device.create(wanted.response), name: "phone" },
    });
    assert.deepInclude(made, { userId: id, name: "phone" });

    yield* api.generatePasskeyAuthenticationOptions({});
    const signingIn = Effect.gen(function* () {
      const asked = yield* api.generatePasskeyAuthenticationOptions({ returnHeaders: true });
      return { headers: browsing(asked.headers), body: { response: device.get(asked.response) } };
    });
    yield* api.verifyPasskeyAuthentication(yield* signingIn);
    const begun = yield* api.verifyPasskeyAuthentication({ ...(yield* signingIn), returnHeaders: true });
    const current = yield* api.getSession({ headers: browsing(begun.headers) });
    assert.deepInclude(current?.user, { id, lastLoginMethod: "passkey" });

    yield* api.updatePasskey({ headers, body: { id: made.id, name: "old phone" } });
    assert.lengthOf(yield* api.listPasskeys({ headers }), 1);
    yield* api.deletePasskey({ headers, body: { id: made.id } });
  }),
};
