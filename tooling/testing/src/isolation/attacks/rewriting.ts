/** What nobody does to rows that stay as they were written. */
import { SqlState } from "@beep/db-admin";
import { type Attack, refused, tries } from "../Attack.ts";
import { quoted } from "../names.ts";
import type { Relation } from "../relations.ts";
import { writableColumn } from "./statements.ts";

/** Puts off, for a session, what does not always fire. Only a superuser may. */
export const triggersOff = "set local session_replication_role = replica";

/** Of a record whose rows are immutable, or of a part of it: the owner tries it, whom no privilege stops. */
export const rewriting = (relation: Relation): ReadonlyArray<Attack> => {
  const { facts, isTable, name, owner, sql } = relation;
  const column = quoted(writableColumn(relation)?.name ?? "");
  if (facts.immutable !== true || !isTable) return [];
  const attack = tries(name, { _tag: "Owner", role: owner });
  const stays = refused(SqlState.immutable);
  // Row security would hide the rows from it.
  const given = [`alter table ${sql} no force row level security`];
  const attacks = [
    attack("changes, were it not for row security", `update ${sql} set ${column} = ${column}`, stays),
    attack("deletes, were it not for row security", `delete from ${sql}`, stays),
    attack("empties, were it not for row security", `truncate ${sql}`, stays),
  ];
  return attacks.flatMap((one) => [
    { ...one, given },
    { ...one, what: `${one.what} and with triggers put off`, given: [...given, triggersOff] },
  ]);
};
