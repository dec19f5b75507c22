/** What is wrong, and what to do. */
import type { Actor, Attack } from "./Attack.ts";

/** How an attempt ended. */
export type Outcome =
  | { readonly _tag: "Touched"; readonly rows: number }
  | { readonly _tag: "Failed"; readonly state: string | undefined; readonly said: string };

/** Something that is wrong with a table. */
export interface Finding {
  readonly table: string;
  readonly says: string;
  /** What was tried, where it was by trying that it was found. */
  readonly statement?: string;
  readonly remedy: string;
}

const nameOf = (actor: Actor): string => {
  switch (actor._tag) {
    case "Tenant":
      return actor.who;
    case "Nowhere":
      return actor.setting === "empty" ? "the tenant role with an empty tenant" : "the tenant role without a tenant";
    case "Login":
      return "the application's login outside every scope";
    case "Owner":
      return `the owner ${actor.role} outside every scope`;
    case "Service":
      return "the service role";
  }
};

const ended = (outcome: Outcome): string =>
  outcome._tag === "Touched"
    ? `it touched ${outcome.rows} ${outcome.rows === 1 ? "row" : "rows"}`
    : `${outcome.state ?? "no state"}, ${outcome.said}`;

const remedies = {
  leak: "A policy, a privilege, a foreign key over organization_id or a row trigger is missing: migrate, or ask `iam doctor`.",
  right: "A policy or a privilege is missing: migrate, or ask `iam doctor`.",
  broken:
    "The attempt itself failed, so that it shows nothing: state the values of the table's columns in expressions.",
};

/** What divides by zero on a row has seen it. */
const divisionByZero = "22012";

/** What an attempt shows to be wrong; nothing where it ended as it must. */
export const shownBy = (attack: Attack, outcome: Outcome): Finding | undefined => {
  const { actor, expected, statement, table, what } = attack;
  const finding = (says: string, remedy: string): Finding => ({ table, says, statement, remedy });
  const who = nameOf(actor);
  if (expected._tag === "Granted") {
    return outcome._tag === "Touched" && outcome.rows >= expected.rows
      ? undefined
      : finding(`not granted: ${who} ${what}: ${ended(outcome)}`, remedies.right);
  }
  if (outcome._tag === "Failed" && outcome.state === divisionByZero) {
    return finding(`not refused: ${who} ${what}: ${ended(outcome)}`, remedies.leak);
  }
  if (outcome._tag === "Touched") {
    return outcome.rows === 0 && expected._tag === "Nothing"
      ? undefined
      : finding(`not refused: ${who} ${what}: ${ended(outcome)}`, remedies.leak);
  }
  return outcome.state !== undefined && expected.states.includes(outcome.state)
    ? undefined
    : finding(`not refused as it must be: ${who} ${what}: ${ended(outcome)}`, remedies.broken);
};
