/** The environment, and what it leaves open. */
import type { Errors } from "@beep/iam-domain";
import { Auth, Iam, IamDb, KeyManagement, Misspelt, Pages, Places } from "@beep/iam-server";
import * as Config from "effect/Config";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { type Address, keys, theme } from "./settings.ts";

/** Refuses a name that is nearly a key, before anything is done, and warns of one that nobody reads. */
export const demandKnown: Effect.Effect<void, Errors.StartupError | Config.ConfigError> = Misspelt.demandKnown(
  [...Object.values(Iam.keys), ...Object.values(keys)].map(({ entry }) => entry.key),
);

/** Browsers reach the server where it listens, unless stated otherwise. */
export const withBaseUrl = ({ port }: Pick<Address, "port">) =>
  ConfigProvider.layerAdd(ConfigProvider.fromUnknown({ IAM_BASE_URL: `http://localhost:${port}` }));

/** Reads all that the services will read, so that a mistake is found before anything is opened or written. */
export const demandValid = Effect.gen(function* () {
  const { databaseUrl } = yield* Places.settings;
  if (Option.isSome(databaseUrl)) yield* IamDb.settings;
  yield* Auth.settings;
  yield* Config.all(KeyManagement.keys);
  yield* Pages.settings;
  yield* theme;
}).pipe(
  // A missing secret is another matter: it may still be made.
  Effect.provide(
    ConfigProvider.layerAdd(
      ConfigProvider.fromUnknown({ IAM_SECRET: "-".repeat(32), IAM_KEY_ENCRYPTION_KEYS: `1:${"A".repeat(43)}=` }),
    ),
  ),
);
