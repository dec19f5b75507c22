/** `iam signing-keys` */
import { Errors, SigningKeyLife } from "@beep/iam-domain";
import { SigningKeys } from "@beep/iam-server";
import { IamEntityIds } from "@beep/shared-domain";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import type { Operation } from "../explain.ts";
import { operating } from "../operating.ts";
import * as Output from "../output.ts";

const unexpected = {
  EffectDrizzleQueryError: Effect.die,
  SqlError: Effect.die,
} as const;

/** Lists the keys. */
export const list = (input: { readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const { list } = yield* SigningKeys.SigningKeys;
      const now = yield* Clock.currentTimeMillis;
      const keys = (yield* Effect.catchTags(list, unexpected)).map((key) => ({
        ...key,
        state: SigningKeyLife.stateOf(key, now),
      }));
      yield* Output.result(input.json, { keys }, (width) =>
        Output.table(
          ["ID", "STATE", "SIGNS FROM", "UNTIL", "PUBLISHED UNTIL"],
          keys.map(({ activatesAt, expiresAt, id, retiresAt, revokedAt, state }) => [
            id,
            state,
            Output.moment(activatesAt),
            Output.moment(revokedAt ?? retiresAt),
            Output.moment(revokedAt ?? expiresAt),
          ]),
          width,
        ),
      );
      if (keys.length === 0) yield* Output.say("There is none yet: the first is made when a token is signed.");
    }),
  );

/** Makes the next key before it is due. */
export const rotate = (input: { readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const { rotate } = yield* SigningKeys.SigningKeys;
      const key = yield* rotate.pipe(Effect.catchTags(unexpected));
      yield* Output.result(input.json, { key }, () => key.id);
      yield* Output.say(`It signs from ${Output.moment(key.activatesAt)} on.`);
    }),
  );

/** Revokes a key at once. */
export const revoke = (input: { readonly key: string; readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const { key } = input;
      if (!IamEntityIds.SigningKeyId.is(key)) return yield* new Errors.SigningKeyNotFound();
      const { revoke } = yield* SigningKeys.SigningKeys;
      const signer = yield* revoke(key).pipe(Effect.catchTags(unexpected));
      yield* Output.result(input.json, { signer }, () => signer.id);
      yield* Output.say(`${key} is revoked; ${signer.id} signs.`);
    }),
  );
