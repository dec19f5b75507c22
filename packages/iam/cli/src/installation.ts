/** The installation that the environment names. */
import type { Errors } from "@beep/iam-domain";
import { Iam, type IamDb, type Mailer } from "@beep/iam-server";
import type { ConfigError } from "effect/Config";
import * as Layer from "effect/Layer";
import * as Secret from "./secret.ts";

/** The database, the mailer, and the secret that is kept with them where none is stated. */
export const layer: Layer.Layer<IamDb.Provided | Mailer.Mailer, Errors.StartupError | ConfigError> = Secret.layer.pipe(
  Layer.provideMerge(Layer.merge(Iam.database, Iam.mailer)),
);
