/** The installation that the environment names. */
import type { Errors } from "@beep/iam-domain";
import { Iam } from "@beep/iam-server";
import type { ConfigError } from "effect/Config";
import * as Layer from "effect/Layer";
import * as Secret from "./secret.ts";

/** The database, what sends mail and text messages, and the secret that is kept with them where none is stated. */
export const layer: Layer.Layer<Iam.Needed, Errors.StartupError | ConfigError> = Secret.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(Iam.database, Iam.mailer, Iam.textMessages)),
);
