/**
 * What wraps data keys: key-encryption keys that are never in the database, so that whoever has the database alone reads no
 * secret. A key has a version, which stands beside what it wrapped; a new version wraps from now on, and the old ones still
 * unwrap.
 *
 * `layerLocal` keeps the keys in this process, as Config states them. A cloud's key management is a layer of the same
 * service; `KeyManagementContract` of `@beep/testing` says what it must do.
 */
import { Errors, type KeyOwner } from "@beep/iam-domain";
import type { IamEntityIds } from "@beep/shared-domain";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as aesGcm from "./aesGcm.ts";
import { associated } from "./associated.ts";
import * as keyring from "./keyring.ts";

/** What a wrapped key belongs to: unwrapped for another, it does not open. */
export interface Belonging {
  readonly dataKey: IamEntityIds.DataKeyId;
  readonly owner: KeyOwner.KeyOwner;
}

/** A wrapped key, and the version that wrapped it. */
export interface Wrapped {
  readonly wrapped: string;
  readonly version: string;
}

/** Wraps and unwraps data keys. */
export class KeyManagement extends Context.Service<
  KeyManagement,
  {
    /** The version that wraps now. */
    readonly current: Effect.Effect<string, Errors.KeyManagementUnavailable>;
    /** The versions that can be unwrapped. */
    readonly versions: Effect.Effect<ReadonlyArray<string>, Errors.KeyManagementUnavailable>;
    /** Wraps by the current version: a key of any length, each time into another text. */
    readonly wrap: (
      key: Redacted.Redacted<Uint8Array>,
      belonging: Belonging,
    ) => Effect.Effect<Wrapped, Errors.KeyManagementUnavailable>;
    /** Unwraps what was wrapped for the same, and fails for whatever is different. */
    readonly unwrap: (
      wrapped: Wrapped,
      belonging: Belonging,
    ) => Effect.Effect<
      Redacted.Redacted<Uint8Array>,
      Errors.KeyVersionMissing | Errors.KeyNotOpened | Errors.KeyManagementUnavailable
    >;
  }
>()("@beep/iam-server/crypto/KeyManagement") {}

/** The first text keeps a wrapped key apart from everything else that may ever be encrypted under the same key. */
const associatedWith = ({ dataKey, owner }: Belonging) => associated("iam-data-key:1", dataKey, owner.type, owner.id);

/** The keyring that Config states. A value that is none is refused, and no error shows a part of it. */
export const layerLocal: Layer.Layer<KeyManagement, Errors.StartupError | ConfigError> = Layer.effect(
  KeyManagement,
  Effect.gen(function* () {
    const { current, keys } = yield* keyring.read;
    const keyOf = (keyVersion: string) =>
      Effect.suspend(() => {
        const key = keys.get(keyVersion);
        return key === undefined ? Effect.fail(new Errors.KeyVersionMissing({ keyVersion })) : Effect.succeed(key);
      });
    const currentKey = yield* Effect.orDie(keyOf(current));
    return KeyManagement.of({
      current: Effect.succeed(current),
      versions: Effect.succeed([...keys.keys()]),
      wrap: (key, belonging) =>
        Effect.sync(() => ({
          wrapped: aesGcm.seal(currentKey, Redacted.value(key), associatedWith(belonging)),
          version: current,
        })),
      unwrap: Effect.fnUntraced(function* ({ version, wrapped }, belonging) {
        const opened = aesGcm.open(yield* keyOf(version), wrapped, associatedWith(belonging));
        if (opened === undefined) {
          return yield* new Errors.KeyNotOpened({ dataKey: belonging.dataKey, keyVersion: version });
        }
        return Redacted.make<Uint8Array>(opened, { label: "data key" });
      }),
    });
  }),
);

export { keys, read, stated } from "./keyring.ts";
