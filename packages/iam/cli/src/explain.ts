/** Tells in one line why something cannot start. */
import { Errors } from "@beep/iam-domain";
import type { ConfigError } from "effect/Config";
import * as Predicate from "effect/Predicate";
import * as Schema from "effect/Schema";
import * as SchemaIssue from "effect/SchemaIssue";

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

/** `iam: <what>. <remedy> [CODE]` */
export const explain = (error: Errors.StartupError | ConfigError): string => {
  const { code, message, remedy } = error._tag === "ConfigError" ? configuration(error) : error;
  // What a database said ends as it likes, and may have lines.
  return `iam: ${message.replace(/\.?\s*$/, ".")} ${remedy} [${code}]`.replaceAll(/\s+/g, " ");
};
