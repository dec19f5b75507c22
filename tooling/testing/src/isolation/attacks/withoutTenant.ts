/** What is tried outside every scope, and in none of a tenant. */
import { SqlState } from "@beep/db-admin";
import { type Actor, type Attack, nothing, refused, tries } from "../Attack.ts";
import type { Relation } from "../relations.ts";
import { insertion, type Tenant } from "../rows.ts";
import { emptyWrites } from "./statements.ts";

/** Where drizzle writes which migrations were applied: a login that does not migrate asks whether it fits the database. */
const journals = "drizzle";

const denied = refused(SqlState.insufficientPrivilege);

/** The application's login: sees nothing in any table, and may write nothing. */
export const login = (relation: Relation): ReadonlyArray<Attack> => {
  const attack = tries(relation.name, { _tag: "Login" });
  return [
    ...(relation.schema === journals
      ? []
      : [attack("sees", `select from ${relation.sql}`, nothing(SqlState.insufficientPrivilege))]),
    ...emptyWrites(relation).map(([what, statement]) => attack(what, statement, denied)),
    ...(relation.isTable ? [attack("empties", `truncate ${relation.sql}`, denied)] : []),
  ];
};

/** The tenant role without a tenant: sees nothing, and changes nothing. */
export const nowhere = (relation: Relation, actor: Actor, victim: Tenant | undefined): ReadonlyArray<Attack> => {
  const attack = tries(relation.name, actor);
  const draft = victim?.drafts.get(relation.sql);
  // A table that is closed refuses it before any row is looked for.
  const sightless = nothing(SqlState.insufficientPrivilege);
  const sees = attack("sees", `select from ${relation.sql}`, sightless);
  return draft === undefined
    ? [sees]
    : [
        sees,
        attack("changes", `update ${relation.sql} set organization_id = organization_id`, sightless),
        attack("deletes", `delete from ${relation.sql}`, sightless),
        attack("inserts", insertion(relation, draft), denied),
      ];
};

/** The owner of a table, whom only forced row security binds. */
export const owner = (relation: Relation): ReadonlyArray<Attack> => {
  if (!relation.ownerIsBound || !(relation.secured || relation.hasOrganization)) return [];
  const attack = tries(relation.name, { _tag: "Owner", role: relation.owner });
  return [
    attack("sees", `select from ${relation.sql}`, nothing()),
    attack("deletes", `delete from ${relation.sql}`, nothing()),
  ];
};
