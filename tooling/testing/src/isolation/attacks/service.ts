/** What the service role may do, and what not even that one may. */
import { SqlState } from "@beep/db-admin";
import { type Attack, granted, refused, tries } from "../Attack.ts";
import { literal } from "../names.ts";
import type { Relation } from "../relations.ts";
import { insertion, type Tenant } from "../rows.ts";
import { assigned, emptyWrites, has, keyOf, parentsIn, placedWith } from "./statements.ts";

const denied = refused(SqlState.insufficientPrivilege);

/** What it may do where a table states nothing of it, as no table of entities does. */
const everything = ["select", "insert", "update", "delete"];

/**
 * The rights of the service role in a table that the factories made, and what row triggers keep from it. In a record it
 * may do what that states, and in a part of a table nothing: it goes through the table.
 */
export const service = (relation: Relation): ReadonlyArray<Attack> => {
  const { facts, isPart, made, name, sql, versioned } = relation;
  if (!made && !isPart) return [];
  const rights = made ? (facts.services ?? everything) : [];
  const may = (privilege: string, rows: number) => (rights.includes(privilege) ? granted(rows) : denied);
  const attack = tries(name, { _tag: "Service" });
  return [
    attack("sees", `select from ${sql} limit 1`, may("select", 1)),
    ...emptyWrites(relation).map(([what, statement, privilege]) => attack(what, statement, may(privilege, 0))),
    attack("empties", `truncate ${sql}`, denied),
    ...(versioned
      ? [attack("gives another id", `update ${sql} set id = gen_random_uuid()`, refused(SqlState.givenOnce))]
      : []),
  ];
};

/** In a table of organizations. */
export const serviceIn = (
  relation: Relation,
  relations: ReadonlyArray<Relation>,
  tenant: Tenant,
  other: Tenant,
): ReadonlyArray<Attack> => {
  const { made, name, sql } = relation;
  const [row, draft] = [tenant.rows.get(sql), tenant.drafts.get(sql)];
  if (!made || row === undefined || draft === undefined) return [];
  const attack = tries(name, { _tag: "Service" });
  const key = has(row, keyOf(relation));
  const { organization_id: _, ...unplaced } = draft;

  const derived = parentsIn(relation, relations, tenant)
    .filter(({ isComposite }) => isComposite)
    .flatMap(({ name: reference, stated }) => [
      attack(
        `inserts by ${reference} without saying where`,
        `with placed as (${insertion(relation, { ...unplaced, ...stated })} returning organization_id)
          select from placed where organization_id = ${literal(tenant.organization)}`,
        granted(),
      ),
      attack(
        `inserts by ${reference} and contradicts it`,
        insertion(relation, { ...draft, ...stated, organization_id: other.organization }),
        refused(SqlState.foreignKeyViolation),
      ),
    ]);
  return [
    attack("inserts a row", insertion(relation, draft), granted()),
    attack("changes a row", `update ${sql} set organization_id = organization_id where ${key}`, granted()),
    attack("deletes a row", `delete from ${sql} where ${key}`, granted()),
    // With all to which it refers, so that no foreign key stands in the way.
    attack(
      "moves a row",
      `update ${sql} set ${assigned(placedWith(other, parentsIn(relation, relations, other)))} where ${key}`,
      refused(SqlState.givenOnce),
    ),
    ...derived,
  ];
};
