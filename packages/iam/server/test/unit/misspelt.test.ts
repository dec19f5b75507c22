import { Iam, Misspelt } from "@beep/iam-server";
import { assert, describe, it } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

const keys = Object.values(Iam.keys).map(({ entry }) => entry.key);

const environment = (env: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromEnv({ env }));

describe("a misspelt key", () => {
  const demand = (env: Record<string, string>) => Effect.provide(Misspelt.demandKnown(keys), environment(env));

  it.effect.each([
    { written: "IAM_BASE_ULR", right: "IAM_BASE_URL" },
    { written: "IAM_SECRETE", right: "IAM_SECRET" },
    { written: "IAM_MAILFROM", right: "IAM_MAIL_FROM" },
    { written: "IAM_DB_CONNECTIONS", right: "IAM_DATABASE_CONNECTIONS" },
    { written: "IAM_TRUSTED_ORIGIN", right: "IAM_TRUSTED_ORIGINS" },
    // Without it another database would be made, and used.
    { written: "DATABSE_URL", right: "DATABASE_URL" },
    { written: "DATABASE_URI", right: "DATABASE_URL" },
    { written: "OTEL_EXPORTER_OTLP_ENDPONT", right: "OTEL_EXPORTER_OTLP_ENDPOINT" },
  ])("CFG-1: $written is refused, and $right suggested", ({ right, written }) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(demand({ [written]: "canary" }));
      assert.deepInclude(error, {
        code: "CONFIGURATION_INVALID",
        message: `${written} is no key of the configuration.`,
        remedy: `Did you mean ${right}? All keys are in docs/configuration.md.`,
      });
      // Beside the right one it is nobody's slip.
      yield* demand({ [written]: "canary", [right]: "x" });
    }),
  );

  it.effect("CFG-1: several are refused together, and what is others' own is let be", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(demand({ IAM_SECRETE: "s", IAM_BASE_ULR: "canary", IAM_OWN: "canary" }));
      assert.propertyVal(error, "message", "IAM_SECRETE, IAM_BASE_ULR are no keys of the configuration.");
      yield* demand({
        // A list may be stated one by one, and an empty value counts as none.
        IAM_TRUSTED_ORIGINS_0: "https://a.example",
        IAM_TRUSTED_ORIGINS_1: "https://b.example",
        IAM_EMPTY: "",
        IAMOTHER: "x",
        IAM_FOO: "x",
        HOSTS: "x",
        POST: "x",
        DATABASE_HOST: "x",
        OTEL_TRACES_SAMPLER: "always_on",
        // A service `iam` in the same namespace.
        IAM_SERVICE_HOST: "10.0.0.1",
        IAM_SERVICE_PORT: "3000",
        IAM_SERVICE_PORT_HTTP: "3000",
        IAM_PORT: "tcp://10.0.0.1:3000",
        IAM_PORT_3000_TCP: "tcp://10.0.0.1:3000",
        IAM_PORT_3000_TCP_PROTO: "tcp",
        IAM_PORT_3000_TCP_PORT: "3000",
        IAM_PORT_3000_TCP_ADDR: "10.0.0.1",
      });
      yield* demand(Object.fromEntries(keys.map((key) => [key, "x"])));
    }),
  );

  it.effect("CFG-1: keeps an application from starting, but not keys of its own", () =>
    Effect.gen(function* () {
      const dataDir = "/dev/null/never-opened";
      const build = (env: Record<string, string>) =>
        Layer.build(Iam.layer).pipe(
          Effect.scoped,
          Effect.provide(
            environment({
              IAM_SECRET: "-".repeat(32),
              IAM_KEY_ENCRYPTION_KEYS: `1:${"A".repeat(43)}=`,
              IAM_DATA_DIR: dataDir,
              ...env,
            }),
          ),
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
