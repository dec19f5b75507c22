/** What the command line says about itself; everything else is the services' own. */
// Not from the index, which loads the services: help comes at once.
import * as Setting from "@beep/iam-server/config/Setting";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import type { LogLevel } from "effect/LogLevel";
import * as Option from "effect/Option";
import * as Stdio from "effect/Stdio";
import * as Struct from "effect/Struct";

const levels = {
  none: "None",
  fatal: "Fatal",
  error: "Error",
  warn: "Warn",
  info: "Info",
  debug: "Debug",
  trace: "Trace",
  all: "All",
} as const satisfies Record<string, LogLevel>;

const names = Struct.keys(levels);

/** What the command adds to the services' keys. */
export const keys = {
  logLevel: Setting.withDefault("IAM_LOG_LEVEL", (key) => Config.Literals(names, key), {
    type: names.map((level) => `\`${level}\``).join(", "),
    value: "warn" as const,
    says: "From which level on the log is shown; it goes to standard error.",
  }),
  host: Setting.withDefault("HOST", Config.NonEmptyString, {
    type: "address of this machine",
    value: "127.0.0.1",
    says: "Where `iam serve` listens.",
  }),
  port: Setting.withDefault("PORT", Config.Port, {
    type: "port",
    value: 3000,
    says: "Where `iam serve` listens.",
  }),
  logFormat: Setting.optional("IAM_LOG_FORMAT", (key) => Config.Literals(["pretty", "json"], key), {
    type: "`pretty` or `json`",
    fallback: "`pretty` on a terminal, `json` elsewhere",
    says: "How the log is written: for people, or a line of JSON for each entry, with the ids of its trace and span.",
  }),
  metricsPort: Setting.optional("IAM_METRICS_PORT", Config.Port, {
    type: "port",
    fallback: "there are no metrics",
    says: "Where `iam serve` answers `GET /metrics` for Prometheus. Keep it from the public.",
  }),
  metricsHost: Setting.optional("IAM_METRICS_HOST", Config.NonEmptyString, {
    type: "address of this machine",
    fallback: "`HOST`",
    says: "Where `iam serve` answers `GET /metrics`: `127.0.0.1` keeps it on this machine, whatever `HOST` is.",
  }),
};

/** From which level on the log is shown. */
export const logLevel: Config.Config<LogLevel> = Config.map(keys.logLevel, (level) => levels[level]);

/** Whether the log is for machines. */
export const logsJson: Effect.Effect<boolean, Config.ConfigError, Stdio.Stdio> = Effect.gen(function* () {
  const { stderrIsTerminal } = yield* Stdio.Stdio;
  const format = yield* keys.logFormat;
  return Option.isNone(format) ? !(yield* stderrIsTerminal) : format.value === "json";
});

/** An address to listen on, and the keys that state it. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly keys: { readonly host: string; readonly port: string };
}

/** Where to listen. */
export const listening = Config.map(
  Config.all(Struct.pick(keys, ["host", "port", "metricsHost", "metricsPort"])),
  ({ host, port, metricsHost, metricsPort }) => ({
    main: { host, port, keys: { host: "HOST", port: "PORT" } } satisfies Address,
    metrics: Option.map(
      metricsPort,
      (of): Address => ({
        host: Option.getOrElse(metricsHost, () => host),
        port: of,
        keys: { host: Option.isSome(metricsHost) ? "IAM_METRICS_HOST" : "HOST", port: "IAM_METRICS_PORT" },
      }),
    ),
  }),
);

/** Where the server listens, and where the metrics are. */
export type Listening = Config.Success<typeof listening>;
