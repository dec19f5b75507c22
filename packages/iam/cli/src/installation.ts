/** The installation that the environment names. */
import type { Errors } from "@beep/iam-domain";
import { Iam, KeyManagement } from "@beep/iam-server";
import type { ConfigError } from "effect/Config";
import * as Layer from "effect/Layer";
import * as Secret from "./secret.ts";

/** The database, what sends mail and text messages, and the secrets that are kept with them where none are stated. */
export const layer: Layer.Layer<Iam.Needed, Errors.StartupError | ConfigError> = KeyManagement.layerLocal.pipe(
  Layer.provideMerge(Secret.layer),
  Layer.provideMerge(Layer.mergeAll(Iam.database, Iam.mailer, Iam.textMessages)),
);
