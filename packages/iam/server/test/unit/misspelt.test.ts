import { Iam, Misspelt } from "@beep/iam-server";
import { assert, describe, it } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

const keys = Object.values(Iam.keys).map(({ entry }) => entry.key);

const environment = (env: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }));

describe("a misspelt key", () => {
  it.effect("CFG-1: has the nearest of the right ones for a suggestion, or none where nothing is near", () =>
    Effect.gen(function* () {
      const meant = {
        IAM_BASE_ULR: "IAM_BASE_URL",
        IAM_SECRETE: "IAM_SECRET",
        IAM_MAILFROM: "IAM_MAIL_FROM",
        IAM_DB_CONNECTIONS: "IAM_DATABASE_CONNECTIONS",
        IAM_TRUSTED_ORIGIN: "IAM_TRUSTED_ORIGINS",
        IAM_FOO: undefined,
      };
      for (const [written, right] of Object.entries(meant)) {
        const error = yield* Effect.flip(Effect.provide(Misspelt.demandKnown(keys), environment({ [written]: "x" })));
        const begins = right === undefined ? "Remove it. " : `Did you mean ${right}? `;
        assert.propertyVal(error, "remedy", `${begins}All keys are in docs/configuration.md.`);
      }
    }),
  );

  it.effect("CFG-1: is refused in a configuration that is ours alone, with every other key that begins like ours", () =>
    Effect.gen(function* () {
      const demand = (env: Record<string, string>) => Effect.provide(Misspelt.demandKnown(keys), environment(env));
      const error = yield* Effect.flip(demand({ IAM_SECRET: "s", IAM_BASE_ULR: "canary", IAM_OWN: "canary" }));
      assert.deepInclude(error, {
        code: "CONFIGURATION_INVALID",
        message: "IAM_BASE_ULR, IAM_OWN are no keys of the configuration.",
        remedy: "Did you mean IAM_BASE_URL? All keys are in docs/configuration.md.",
      });
      // A list may be stated one by one, an empty value counts as none, and what begins otherwise is others' own.
      yield* demand({
        IAM_TRUSTED_ORIGINS_0: "https://a.example",
        IAM_TRUSTED_ORIGINS_1: "https://b.example",
        IAM_EMPTY: "",
        IAMOTHER: "x",
        DATABASE_URI: "x",
        ...Object.fromEntries(keys.map((key) => [key, "x"])),
      });
    }),
  );

  it.effect("CFG-1: keeps an application from starting, but not keys of its own", () =>
    Effect.gen(function* () {
      const dataDir = "/dev/null/never-opened";
      const build = (env: Record<string, string>) =>
        Layer.build(Iam.layer).pipe(
          Effect.scoped,
          Effect.provide(environment({ IAM_SECRET: "-".repeat(32), IAM_DATA_DIR: dataDir, ...env })),
          Effect.flip,
        );
      assert.deepInclude(yield* build({ IAM_BASE_ULR: "https://iam.example" }), {
        code: "CONFIGURATION_INVALID",
        message: "IAM_BASE_ULR is no key of the configuration.",
      });
      // These get as far as the folder: one is far from each of ours, and beside the other its right name stands too.
      const own = { IAM_BASE_URL: "https://iam.example", IAM_BILLING_URL: "x", IAM_BASE_ULR: "x" };
      assert.propertyVal(yield* build(own), "code", "DATA_DIRECTORY_UNUSABLE");
    }),
  );

  it.effect("CFG-1: is found in any source that can list its keys; one that cannot is taken as it is", () =>
    Effect.gen(function* () {
      const demand = (provider: ConfigProvider.ConfigProvider) =>
        Effect.provideService(Misspelt.demandNoSlip(keys), ConfigProvider.ConfigProvider, provider);
      const stated = { IAM_BASE_ULR: "https://iam.example" };
      for (const provider of [
        ConfigProvider.fromUnknown(stated),
        ConfigProvider.fromUnknown({ IAM: { BASE: { ULR: "x" } } }),
        ConfigProvider.orElse(ConfigProvider.fromUnknown(stated), ConfigProvider.fromEnv()),
      ]) {
        assert.propertyVal(yield* Effect.flip(demand(provider)), "code", "CONFIGURATION_INVALID");
      }
      yield* demand(ConfigProvider.make(() => Effect.succeed(undefined)));
      const broken = ConfigProvider.make(() => Effect.fail(new ConfigProvider.SourceError({ message: "gone" })));
      assert.propertyVal(yield* Effect.flip(demand(broken)), "_tag", "ConfigError");
    }),
  );
});
