/** What an examination of an installation finds, as `iam doctor` tells it. None carries a secret. */
import * as Array from "effect/Array";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";
import { findings } from "./explanations/findings.ts";

/** What can be found. A code stays what it is, because others may act on it. */
export const Code = Schema.Literals(Struct.keys(findings));
export type Code = typeof Code.Type;

export type Subject = (typeof findings)[Code]["subject"];

/** What a code is about. */
export const subjectOf = (code: Code): Subject => findings[code].subject;

/** What is examined, in this order. */
export const subjects: ReadonlyArray<Subject> = Array.dedupe(Code.literals.map(subjectOf));

/** `error`: it does not work, or is not safe. `warning`: it works, at a cost that `message` tells. */
export const Severity = Schema.Literals(["error", "warning"]);

/** Something that is not as it should be: `message` says what, `remedy` what to type or to set. */
export const Finding = Schema.Struct({
  code: Code,
  severity: Severity,
  message: Schema.String,
  remedy: Schema.String,
});
export type Finding = typeof Finding.Type;

/** What `iam doctor --json` prints. */
export const Report = Schema.Struct({ findings: Schema.Array(Finding) });
