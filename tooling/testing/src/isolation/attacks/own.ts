/** What a tenant must be able to do with its own rows: where everything is refused, nothing leaks either. */
import { type Actor, type Attack, granted, tries } from "../Attack.ts";
import { literal } from "../names.ts";
import type { Relation } from "../relations.ts";
import { insertion, type Tenant } from "../rows.ts";
import { has, keyOf } from "./statements.ts";

/** The rights of a tenant in a table of organizations. */
export const own = (
  relation: Relation,
  { actor, tenant }: { readonly tenant: Tenant; readonly actor: Actor },
): ReadonlyArray<Attack> => {
  const { made, name, privileges, sql } = relation;
  const [row, draft] = [tenant.rows.get(sql), tenant.drafts.get(sql)];
  if (row === undefined || draft === undefined) return [];
  const right = tries(name, actor);
  const key = has(row, keyOf(relation));
  const { organization_id: _, ...unplaced } = draft;
  const placed = `with placed as (${insertion(relation, unplaced)} returning organization_id)
    select from placed where organization_id = ${literal(tenant.organization)}`;
  const rights = [
    ["SELECT", right("sees its own row", `select from ${sql} where ${key}`, granted())],
    ["INSERT", right("inserts a row", insertion(relation, draft), granted())],
    [
      "UPDATE",
      right("changes its own row", `update ${sql} set organization_id = organization_id where ${key}`, granted()),
    ],
    ["DELETE", right("deletes its own row", `delete from ${sql} where ${key}`, granted())],
  ] as const;
  return [
    // A table that the factories made gives a tenant every right; another one those that it grants.
    ...rights.flatMap(([privilege, attack]) => (made || privileges.includes(privilege) ? [attack] : [])),
    ...(made ? [right("inserts without saying where", placed, granted())] : []),
  ];
};
