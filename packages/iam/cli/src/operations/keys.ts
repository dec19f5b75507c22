/** `iam keys` */
import { randomBytes } from "node:crypto";
import { Errors, KeyOwner } from "@beep/iam-domain";
import { Keys, Operator } from "@beep/iam-server";
import { type Actor, CurrentActor, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stdio from "effect/Stdio";
import type { Operation } from "../explain.ts";
import { operating } from "../operating.ts";
import * as Output from "../output.ts";
import { progress } from "../progress.ts";
import { Unfinished } from "../Refused.ts";
import * as Secret from "../secret.ts";

/** Whose keys: ids, also of those who are gone; names of those who are there; kinds that the services do not know. */
const ownerOf = Effect.fnUntraced(function* (
  text: string,
): Effect.fn.Return<KeyOwner.KeyOwner, Errors.AuthError, Operator.Operator> {
  if (text === KeyOwner.text(KeyOwner.installation)) return KeyOwner.installation;
  if (SharedEntityIds.UserId.is(text)) return KeyOwner.user(text);
  if (SharedEntityIds.OrganizationId.is(text)) return KeyOwner.organization(text);
  const operator = yield* Operator.Operator;
  if (text.includes("@")) return KeyOwner.user((yield* operator.user(text)).id);
  const [, type, id] = /^([a-z][a-z0-9-]*):(.+)$/.exec(text) ?? [];
  if (type !== undefined && id !== undefined) return { type, id };
  return KeyOwner.organization((yield* operator.organization(text)).id);
});

/** Acts in the name of a user, or as every command does. */
const acting = (as: Option.Option<string>): Effect.Effect<Actor, Errors.AuthError, Operator.Operator> =>
  Option.match(as, {
    onNone: () => Effect.service(CurrentActor),
    onSome: (text) =>
      Effect.map(
        Effect.flatMap(Operator.Operator, ({ user }) => user(text)),
        ({ id }): Actor => ({ _tag: "User", userId: id, impersonatedBy: null }),
      ),
  });

/** What a key is good for. */
const stateOf = ({ destroyedAt, retiredAt }: Keys.StoredKey): string => {
  if (destroyedAt !== null) return `destroyed ${Output.day(destroyedAt)}`;
  return retiredAt === null ? "seals" : `retired ${Output.day(retiredAt)}`;
};

/** Lists keys, and the legal holds in force. */
export const list = (input: {
  readonly owner: Option.Option<string>;
  readonly limit: number;
  readonly offset: number;
  readonly json: boolean;
}): Operation =>
  operating(
    Effect.gen(function* () {
      const all = yield* Keys.Keys;
      const owner = Option.isSome(input.owner) ? yield* ownerOf(input.owner.value) : undefined;
      const { limit, offset } = input;
      const { keys, total } = yield* all.list({ owner, limit, offset });
      const holds = yield* all.holds(owner);
      const summary = yield* all.summary;
      yield* Output.result(input.json, { keys, holds, total, summary }, (width) =>
        [
          Output.table(
            ["ID", "OWNER", "WRAPPED BY", "STATE", "SINCE"],
            keys.map((key) => [
              key.id,
              KeyOwner.text({ type: key.ownerType, id: key.ownerId }),
              key.keyVersion ?? "",
              stateOf(key),
              Output.day(key.createdAt),
            ]),
            width,
          ),
          ...(holds.length === 0
            ? []
            : [
                Output.table(
                  ["HOLD", "OWNER", "REASON", "BY", "SINCE"],
                  holds.map(({ createdAt, id, ownerId, ownerType, placedBy, reason }) => [
                    id,
                    KeyOwner.text({ type: ownerType, id: ownerId }),
                    reason,
                    placedBy,
                    Output.day(createdAt),
                  ]),
                  width,
                ),
              ]),
        ].join("\n\n"),
      );
      yield* Output.rest({ shown: keys.length, offset, total });
      for (const { keyVersion, keys: number } of summary.versions) {
        if (keyVersion === summary.keyVersion) continue;
        yield* Output.say(
          `${number} wrapped by version ${keyVersion}; \`iam keys rewrap\` wraps them by ${summary.keyVersion}.`,
        );
      }
      if (summary.retired > 0) {
        yield* Output.say(`${summary.retired} retired; \`iam keys rewrap\` seals anew what is under them.`);
      }
    }),
  );

/** Prints a new entry for the keyring. */
export const generate: Operation = Effect.gen(function* () {
  const { place, versions } = yield* Secret.keyring;
  const version = Math.max(0, ...versions) + 1;
  yield* Console.log(`${version}:${randomBytes(32).toString("base64")}`);
  yield* Output.say(
    version === 1
      ? "Set IAM_KEY_ENCRYPTION_KEYS to it, and keep it."
      : `Add it to ${place}, for every process; then run \`iam keys rewrap\`.`,
  );
});

/** Says how far it is, where nobody else reads what is printed. */
const telling = Effect.gen(function* () {
  const { stdoutIsTerminal } = yield* Stdio.Stdio;
  if (!(yield* stdoutIsTerminal)) return { told: () => Effect.void, end: Effect.void };
  const { end, step } = yield* progress;
  let keys = 0;
  let values = 0;
  return {
    end,
    told: (at: Keys.Step): Effect.Effect<void> => {
      switch (at._tag) {
        case "Rewrapped":
          keys += at.keys;
          return step(`Wrapping keys anew: ${keys}`);
        case "Resealed":
          values += at.values;
          return step(`Sealing values anew: ${values}`);
        case "Waiting":
          return step("Waiting a minute for who still reads by a retired key");
      }
    },
  };
});

/** Wraps all keys by the newest key-encryption key. */
export const rewrap = (input: { readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const { end, told } = yield* telling;
      const done = yield* Effect.flatMap(Keys.Keys, (keys) => keys.rewrap(told)).pipe(
        Effect.ensuring(end),
        Effect.catchTag("SqlError", Effect.die),
      );
      const { destroyed, failed, keyVersion, left, resealed, rewrapped } = done;
      yield* Output.result(input.json, done, () =>
        Output.fields([
          ["Wrapped by", `version ${keyVersion}`],
          ["Keys wrapped anew", String(rewrapped)],
          ["Values sealed anew", String(resealed)],
          ["Retired keys ended", String(destroyed)],
        ]),
      );
      if (failed.length === 0 && left === 0) return;
      return yield* new Unfinished({
        code: "KEYS_LEFT",
        message: [
          ...(failed.length === 0 ? [] : [`${failed.length} keys did not open: ${failed.join(", ")}.`]),
          ...(left === 0 ? [] : [`Under ${left} retired keys something is left that does not open.`]),
        ].join(" "),
        remedy: "Restore them from a backup, and run `iam keys rewrap` again.",
      });
    }),
  );

/** Gives an owner another key. */
export const rotate = (input: { readonly owner: string; readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const owner = yield* ownerOf(input.owner);
      const id = yield* Effect.flatMap(Keys.Keys, ({ rotate }) => rotate(owner)).pipe(
        Effect.catchTag("SqlError", Effect.die),
      );
      yield* Output.result(input.json, { id, owner }, () => id);
      yield* Output.say("It seals from now on; `iam keys rewrap` seals anew what is under the old one.");
    }),
  );

/** Destroys the keys of an owner. */
export const destroy = (input: { readonly owner: string }): Operation =>
  operating(
    Effect.gen(function* () {
      const owner = yield* ownerOf(input.owner);
      yield* Effect.flatMap(Keys.Keys, ({ destroy }) => destroy(owner)).pipe(Effect.catchTag("SqlError", Effect.die));
      yield* Output.say(`What was sealed for ${KeyOwner.text(owner)} is unreadable.`);
    }),
  );

/** Places a legal hold. */
export const hold = (input: {
  readonly owner: string;
  readonly reason: string;
  readonly json: boolean;
  readonly as: Option.Option<string>;
}): Operation =>
  operating(
    Effect.gen(function* () {
      const owner = yield* ownerOf(input.owner);
      const id = yield* Effect.flatMap(Keys.Keys, ({ hold }) => hold(owner, input.reason)).pipe(
        Effect.provideServiceEffect(CurrentActor, acting(input.as)),
        Effect.catchTag("SqlError", Effect.die),
      );
      yield* Output.result(input.json, { id, owner }, () => id);
      yield* Output.say(`The keys of ${KeyOwner.text(owner)} are not destroyed until it is released.`);
    }),
  );

/** Releases a legal hold. */
export const release = (input: { readonly hold: string; readonly as: Option.Option<string> }): Operation =>
  operating(
    Effect.gen(function* () {
      const { hold } = input;
      if (!IamEntityIds.LegalHoldId.is(hold)) return yield* new Errors.HoldNotFound();
      yield* Effect.flatMap(Keys.Keys, ({ release }) => release(hold)).pipe(
        Effect.provideServiceEffect(CurrentActor, acting(input.as)),
        Effect.catchTag("SqlError", Effect.die),
      );
      yield* Output.say(`${hold} is released.`);
    }),
  );
