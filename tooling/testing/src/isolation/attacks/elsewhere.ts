/** What a tenant tries with tables outside organizations. */
import { SqlState } from "@beep/db-admin";
import { type Actor, type Attack, granted, nothing, refused, tries } from "../Attack.ts";
import { literal, quoted } from "../names.ts";
import type { OwnPolicy } from "../OwnPolicies.ts";
import type { Relation } from "../relations.ts";
import { emptyWrites } from "./statements.ts";

const denied = refused(SqlState.insufficientPrivilege);

const writes = (relation: Relation, actor: Actor): ReadonlyArray<Attack> => {
  const attack = tries(relation.name, actor);
  return [
    ...emptyWrites(relation).map(([what, statement]) => attack(what, statement, denied)),
    ...(relation.isTable ? [attack("empties", `truncate ${relation.sql}`, denied)] : []),
  ];
};

/** A table that is closed to tenants: to be let in and shown nothing is not enough. */
export const closed = (relation: Relation, actor: Actor): ReadonlyArray<Attack> => {
  const attack = tries(relation.name, actor);
  return [
    attack("sees", `select from ${relation.sql}`, denied),
    ...writes(relation, actor),
    // If a privilege is given by mistake, the policies still let nobody but the service see.
    ...(relation.made
      ? [
          {
            ...attack("sees, were it not for its privileges", `select from ${relation.sql}`, nothing()),
            given: [`grant select on ${relation.sql} to iam_tenant`],
          },
        ]
      : []),
  ];
};

/** The readable columns of a row as one text, by which it is told apart. */
export const shown = ({ columns }: OwnPolicy): string => `row(${columns.map(quoted).join(", ")})::text`;

/**
 * A table with a policy of its own.
 *
 * @param seen the rows that the tenant may see, as `shown`
 */
export const ownPolicy = (
  relation: Relation,
  actor: Actor,
  policy: OwnPolicy,
  seen: ReadonlyArray<string>,
): ReadonlyArray<Attack> => {
  const attack = tries(relation.name, actor);
  const among = seen.length === 0 ? "false" : `${shown(policy)} in (${seen.map(literal).join(", ")})`;
  return [
    attack("sees rows that it may not", `select from ${relation.sql} where not (${among})`, nothing()),
    attack("sees the rows that it may", `select from ${relation.sql} where ${among}`, granted(seen.length)),
    ...relation.columns
      .filter(({ name }) => !policy.columns.includes(name))
      .map(({ name }) => attack(`sees ${name}`, `select ${quoted(name)} from ${relation.sql}`, denied)),
    attack("locks", `select from ${relation.sql} for update`, denied),
    ...writes(relation, actor),
  ];
};
