/** Who runs what runs under its owner's rights. */
import { SqlState } from "@beep/db-admin";
import { type Actor, type Attack, granted, refused, tries } from "../Attack.ts";
import type { DefinerFunction } from "../functions.ts";
import { quoted } from "../names.ts";

const denied = refused(SqlState.insufficientPrivilege);

/** A role, and as whom it comes. */
export interface Caller {
  readonly role: string;
  readonly actor: Actor;
}

/** To whom a function is closed may not run it. It is called for no row, so that a privilege is all that it needs. */
export const calling = (definer: DefinerFunction, { actor, role }: Caller): Attack => {
  const { call, isTrigger, name, roles } = definer;
  const attack = tries(name, actor);
  if (!isTrigger) return attack("runs", `select ${call} where false`, roles.includes(role) ? granted(0) : denied);
  // Nobody calls it, but by a table of one's own: what it then does is told of rows that are in no other table.
  return {
    ...attack(
      "runs by a table of its own",
      `create trigger iam_own before insert on iam_own execute function ${call}`,
      denied,
    ),
    given: ["create temp table iam_own ()", `alter table iam_own owner to ${quoted(role)}`],
  };
};
