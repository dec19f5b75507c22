/** Tells in one line why something cannot start, or is not done. */
import { type AuditExport, ErrorCatalogue, Errors, type Problems } from "@beep/iam-domain";
import type { ConfigError } from "effect/Config";
import type { Command, Environment } from "effect/cli/Command";
import type * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";
import type { Refused, Unfinished, Unsent } from "./Refused.ts";

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1();

/** What is wrong with the configuration: the key, never the value. */
const configuration = ({ cause }: ConfigError): Errors.StartupError => {
  const [issue] = Schema.isSchemaError(cause) ? issuesOf(cause.issue).issues : [];
  // Where in a list the mistake is belongs to no key.
  const key = issue?.path?.filter(Predicate.isString).join("_");
  return new Errors.StartupError({
    code: "CONFIGURATION_INVALID",
    message: key === undefined ? cause.message : `${key} is missing or not valid: ${issue?.message}.`,
    remedy: key === undefined ? "Correct the environment." : `Set ${key} to a valid value.`,
    cause,
  });
};

/** What a command fails with. */
export type Failure =
  | AuditExport.Fault
  | Errors.NoteKeyMalformed
  | Errors.TreeNodeMissing
  | Errors.StartupError
  | ConfigError
  | Errors.AdministratorMissing
  | Errors.AuthError
  | Errors.CommitUnknown
  | Errors.HoldNotFound
  | Errors.KeyDestroyed
  | Errors.KeyHeld
  | Errors.KeyManagementUnavailable
  | Errors.KeyMissing
  | Errors.KeyNotOpened
  | Errors.KeyOfInstallation
  | Errors.KeyVersionMissing
  | Errors.SigningKeyNotFound
  | Problems.TenantNotFound
  | Refused
  | Unfinished
  | Unsent;

/** What a command does. */
export type Operation = Effect.Effect<void, Failure, Environment>;

/** A command, by its name and what it takes. */
// biome-ignore lint/complexity/noBannedTypes: a command without flags has this for its input
export type Declared<Name extends string, Input = {}> = Command<Name, Input, {}, Failure, Environment>;

/** What to do, where that is a command or a flag. */
const commands: Readonly<Record<string, string>> = {
  ADMINISTRATOR_MISSING: "Make one: `iam user create --admin --email … --name …`.",
  BANNED_USER: "Act as somebody else by --as, or `iam user unban` first.",
  KEY_NOT_FOUND: "See `iam key list`.",
  HOLD_NOT_FOUND: "See `iam keys list`.",
  SIGNING_KEY_NOT_FOUND: "See `iam signing-keys list`.",
  ORGANIZATION_NOT_FOUND: "See `iam org list`.",
  USER_NOT_FOUND: "See `iam user list`.",
  YOU_CANNOT_BAN_YOURSELF: "Name another administrator by --as.",
};

const catalogue: Readonly<Record<string, ErrorCatalogue.Explanation>> = {
  ...ErrorCatalogue.authentication,
  ...ErrorCatalogue.errors,
};

/** `iam: <what>. <remedy> [CODE]` */
export const explain = (error: Failure): string => {
  const explained = error._tag === "ConfigError" ? configuration(error) : error;
  const { code, message } = explained;
  const remedy = "remedy" in explained ? explained.remedy : (commands[code] ?? catalogue[code]?.remedy);
  // What a database said ends as it likes, and may have lines.
  return `iam: ${message.replace(/\.?\s*$/, ".")} ${remedy ?? ""} [${code}]`.replaceAll(/\s+/g, " ");
};
