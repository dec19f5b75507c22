/** What must not stay unrecorded, whoever does it. */
import { type Attack, granted, tries } from "../Attack.ts";
import { literal } from "../names.ts";
import type { Relation } from "../relations.ts";
import { triggersOff } from "./rewriting.ts";

/** What a superuser does to a table who has put triggers off, the services find among the events of the transaction. */
export const recorded = ({ facts, made, name, sql, versioned }: Relation): ReadonlyArray<Attack> => {
  if (!made || !versioned || (facts.unrecorded ?? null) !== null) return [];
  const attack = tries(name, { _tag: "Service" });
  const finds = (action: string) =>
    `select from iam_audit_events where transaction = pg_current_xact_id() and action = ${literal(
      `${facts.prefix ?? name}.${action}`,
    )}`;
  return [
    {
      ...attack("finds recorded that a row was deleted", finds("deleted"), granted()),
      given: [triggersOff, `delete from ${sql} where (tableoid, ctid) in (select tableoid, ctid from ${sql} limit 1)`],
    },
    {
      ...attack("finds recorded that it was emptied", finds("truncated"), granted()),
      given: [triggersOff, `truncate ${sql} cascade`],
    },
  ];
};
