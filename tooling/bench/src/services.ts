/** The services as an installation has them, but for the limits on requests, which a thousand calls would meet. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Auth, Iam, KeyManagement, Mailer, TextMessages } from "@beep/iam-server";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Database from "./Database.ts";

/** Where they say that they are. */
export const baseUrl = "http://localhost:3000";

/** What every installation has to say. */
export const settings = {
  IAM_BASE_URL: baseUrl,
  IAM_SECRET: "bWVhc3VyZWQsIGFuZCBub3RoaW5nIGVsc2UgLi4u",
  IAM_KEY_ENCRYPTION_KEYS: "1:bWVhc3VyZWQsIGFuZCBub3RoaW5nIGVsc2UgLi4uLi4=",
} as const;

/** A folder that is gone with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-bench-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
);

/**
 * Starts them on a database of their own, and writes what they send into a folder that ends with the scope.
 *
 * @param more settings beside those that every installation has
 */
export const makeServices = Effect.fnUntraced(function* (more: Readonly<Record<string, string>> = {}) {
  const { services } = yield* Database.make;
  const folder = yield* temporaryFolder;
  const config = ConfigProvider.layer(ConfigProvider.fromUnknown({ ...settings, IAM_RATE_LIMIT: "false", ...more }));
  const mailer = Mailer.layerFolder({ folder, from: "iam@localhost" });
  const textMessages = TextMessages.layerFolder({ folder });
  return yield* Layer.build(
    Auth.layer.pipe(
      Layer.provide(Iam.sending),
      Layer.provide([Layer.succeedContext(services), KeyManagement.layerLocal, mailer, textMessages]),
      Layer.provide(config),
    ),
  );
});
