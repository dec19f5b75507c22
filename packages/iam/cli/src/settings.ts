/** What the command line says about itself; everything else is the services' own. */
import * as Config from "effect/Config";
import type { LogLevel } from "effect/LogLevel";

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

/** From which level on the log is shown. */
export const logLevel: Config.Config<LogLevel> = Config.Literals(
  ["none", "fatal", "error", "warn", "info", "debug", "trace", "all"],
  "IAM_LOG_LEVEL",
).pipe(
  Config.withDefault("warn"),
  Config.map((level) => levels[level]),
);

/** Where to listen. */
export const listening = Config.all({
  host: Config.withDefault(Config.NonEmptyString("HOST"), "127.0.0.1"),
  port: Config.withDefault(Config.Port("PORT"), 3000),
});

export type Listening = Config.Success<typeof listening>;
