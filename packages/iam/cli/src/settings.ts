/** What the command line says about itself; everything else is the services' own. */
// Not from the index, which loads the services: help comes at once.
import * as Setting from "@beep/iam-server/config/Setting";
import * as Config from "effect/Config";
import * as Effect from "effect/Effect";
import type { LogLevel } from "effect/LogLevel";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
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

const Color = Schema.Trim.check(
  Schema.makeFilter((text) => /^#[0-9a-f]{6}$/i.test(text), { expected: "a color like #3451b2" }),
);

/** What a page loads: the address is written into it, and into its policy. */
const Resource = Schema.Trim.check(
  Schema.makeFilter((text) => /^\/(?![/\\])\S*$/.test(text) || (/^https?:\/\/\S+$/.test(text) && URL.canParse(text)), {
    expected: "a path on the server, or an address like https://cdn.example.com/logo.svg",
  }),
);

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
  accentColor: Setting.optional("IAM_ACCENT_COLOR", (key) => Config.schema(Color, key), {
    type: "color like `#3451b2`",
    fallback: "a blue",
    says: "The color of buttons and marks on the pages. What is written on it is black or white, whichever is easier to read.",
  }),
  logoUrl: Setting.optional("IAM_LOGO_URL", (key) => Config.schema(Resource, key), {
    type: "path or address of a picture",
    fallback: "the name in letters",
    says: "Your logo at the top of the pages, instead of `IAM_APP_NAME`.",
  }),
  stylesheetUrl: Setting.optional("IAM_STYLESHEET_URL", (key) => Config.schema(Resource, key), {
    type: "path or address of a stylesheet",
    fallback: "none",
    says: "A stylesheet of yours that the pages load after their own: it may set their custom properties (`--accent`, `--radius`, `--font`, …).",
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

/** How the pages look. */
export const theme = Config.all(Struct.pick(keys, ["accentColor", "logoUrl", "stylesheetUrl"]));

/** How the pages look, as it was read. */
export type Theme = Config.Success<typeof theme>;

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
