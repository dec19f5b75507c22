/** What a tenant tries with tables outside organizations. */
import { SqlState } from "@beep/db-admin";
import { type Actor, type Attack, granted, nothing, refused, tries } from "../Attack.ts";
import { literal, quoted } from "../names.ts";
import type { OwnPolicy } from "../OwnPolicies.ts";
import type { Relation } from "../relations.ts";
import type { Tenant } from "../rows.ts";
import { emptyWrites, writableColumn } from "./statements.ts";

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
  const { isPart, made, name, reachable, schema, sql } = relation;
  const attack = tries(name, actor);
  const all = [attack("sees", `select from ${sql}`, denied), ...writes(relation, actor)];
  const withPrivilege = [`grant select on ${sql} to iam_tenant`];
  const withSchema = [`grant usage on schema ${quoted(schema)} to iam_tenant`];
  return [
    ...all,
    // A schema that is closed too hides whether the table is; and where that is opened, the schema still refuses.
    ...(reachable
      ? []
      : [
          ...all.map((other) => ({ ...other, what: `${other.what}, were it not for the schema`, given: withSchema })),
          { ...attack("sees, were it not for its privileges", `select from ${sql}`, denied), given: withPrivilege },
        ]),
    // If a privilege is given by mistake, the policies let nobody but the services see.
    ...(reachable && (made || isPart)
      ? [{ ...attack("sees, were it not for its privileges", `select from ${sql}`, nothing()), given: withPrivilege }]
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
  const column = quoted(writableColumn(relation)?.name ?? "");
  const among = seen.length === 0 ? "false" : `${shown(policy)} in (${seen.map(literal).join(", ")})`;
  return [
    attack("sees rows that it may not", `select from ${relation.sql} where not (${among})`, nothing()),
    attack("sees the rows that it may", `select from ${relation.sql} where ${among}`, granted(seen.length)),
    ...relation.columns
      .filter(({ name }) => !policy.columns.includes(name))
      .map(({ name }) => attack(`sees ${name}`, `select ${quoted(name)} from ${relation.sql}`, denied)),
    // It is granted by columns, so that one that comes later is hidden until the policy names it.
    {
      ...attack("sees a column that is added", `select iam_later from ${relation.sql}`, denied),
      given: [`alter table ${relation.sql} add iam_later text`],
    },
    attack("locks", `select from ${relation.sql} for update`, denied),
    // If a privilege to write is given by mistake, there is no policy by which a row could be written.
    ...(relation.made
      ? [
          {
            ...attack(
              "changes, were it not for its privileges",
              `update ${relation.sql} set ${column} = ${column}`,
              nothing(),
            ),
            given: [`grant select, update on ${relation.sql} to iam_tenant`],
          },
        ]
      : []),
    ...writes(relation, actor),
  ];
};

/** A view that reads under the rights of who asks it: it shows no other tenant's rows either. */
export const throughView = (relation: Relation, actor: Actor, { organization }: Tenant): ReadonlyArray<Attack> =>
  relation.columns.some(({ name }) => name === "organization_id")
    ? [
        tries(relation.name, actor)(
          "sees rows of others",
          `select from ${relation.sql} where organization_id::text <> ${literal(organization)}`,
          nothing(),
        ),
      ]
    : [];
