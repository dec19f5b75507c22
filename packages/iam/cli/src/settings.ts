/** What the command line says about itself; everything else is the services' own. */
// Not from the index, which loads the services: help comes at once.
import * as Setting from "@beep/iam-server/config/Setting";
import * as Config from "effect/Config";
import type { LogLevel } from "effect/LogLevel";
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
};

/** From which level on the log is shown. */
export const logLevel: Config.Config<LogLevel> = Config.map(keys.logLevel, (level) => levels[level]);

/** Where to listen. */
export const listening = Config.all({ host: keys.host, port: keys.port });

export type Listening = Config.Success<typeof listening>;
