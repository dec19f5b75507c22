/** What one tenant tries with the rows of another. */
import { SqlState } from "@beep/db-admin";
import { type Actor, type Attack, nothing, refused, tries } from "../Attack.ts";
import { literal, quoted } from "../names.ts";
import type { Key, Relation } from "../relations.ts";
import { insertion, type Tenant } from "../rows.ts";
import { assigned, has, keyOf, of, parentsIn, placedWith } from "./statements.ts";

const conflict = ({ expressions, predicate }: Key): string =>
  `on conflict (${expressions.map((expression) => `(${expression})`).join(", ")})${predicate === null ? "" : ` where ${predicate}`}`;

/** Every attack of one tenant on another's rows in a table. */
export const acrossTenants = (
  relation: Relation,
  relations: ReadonlyArray<Relation>,
  attacker: { readonly tenant: Tenant; readonly actor: Actor },
  victim: Tenant,
): ReadonlyArray<Attack> => {
  const { keys, name, references, sql } = relation;
  const [theirs, theirDraft] = [victim.rows.get(sql), victim.drafts.get(sql)];
  const [mine, myDraft] = [attacker.tenant.rows.get(sql), attacker.tenant.drafts.get(sql)];
  if (theirs === undefined || theirDraft === undefined || mine === undefined || myDraft === undefined) return [];

  const attack = tries(name, attacker.actor);
  const organization = literal(victim.organization);
  const ofThem = `organization_id = ${organization}`;
  const key = has(theirs, keyOf(relation));

  const seeing = [
    ...keys.map((unique) =>
      attack(
        `sees by ${unique.columns.join(", ")}`,
        `select from ${sql} where ${has(theirs, unique.columns)}`,
        nothing(),
      ),
    ),
    attack("sees by its organization", `select from ${sql} where ${ofThem}`, nothing()),
    attack("counts", `select from (select count(*) as n from ${sql} where ${ofThem}) counted where n > 0`, nothing()),
    attack("asks whether there is one", `select where exists (select from ${sql} where ${ofThem})`, nothing()),
    attack(
      "sees by a join",
      `select from (values (${organization}::uuid)) wanted (id) join ${sql} on organization_id = wanted.id`,
      nothing(),
    ),
    ...references
      .filter(({ parent }) => relations.some((other) => other.hasOrganization && other.sql === parent))
      .map(({ columns, parent, parentColumns }) =>
        attack(
          `sees by a join with ${parent}`,
          `select from ${sql} child join ${parent} parent on ${columns
            .map((column, position) => `child.${quoted(column)} = parent.${quoted(parentColumns[position] ?? "")}`)
            .join(" and ")} where child.${ofThem} or parent.${ofThem}`,
          nothing(),
        ),
      ),
    // A condition that fails on a row tells of it, if it is asked before the policy.
    attack(
      "is told by an error",
      `select from ${sql} where case when ${ofThem} then 1 / (36 - length(organization_id::text)) = 1 end`,
      nothing(),
    ),
    attack("locks", `select from ${sql} where ${ofThem} for update`, nothing()),
  ];

  const same = "organization_id = organization_id";
  const changing = [
    attack("changes by key", `update ${sql} set ${same} where ${key}`, nothing()),
    attack("changes and is shown", `update ${sql} set ${same} where ${ofThem} returning *`, nothing()),
    attack(
      "takes",
      `update ${sql} set organization_id = ${literal(attacker.tenant.organization)} where ${key}`,
      nothing(),
    ),
    attack("deletes by key", `delete from ${sql} where ${key}`, nothing()),
    attack("deletes and is shown", `delete from ${sql} where ${ofThem} returning *`, nothing()),
    attack("empties", `truncate ${sql}`, refused(SqlState.insufficientPrivilege)),
    // Without a condition and without RETURNING, which would ask of the new row too whether it may be seen.
    attack(
      "moves its rows there",
      `update ${sql} set organization_id = ${organization}`,
      refused(SqlState.insufficientPrivilege, SqlState.givenOnce),
    ),
    attack("inserts", insertion(relation, theirDraft), refused(SqlState.insufficientPrivilege)),
    attack(
      "inserts and is shown",
      `${insertion(relation, theirDraft)} returning *`,
      refused(SqlState.insufficientPrivilege),
    ),
    ...keys.map((unique) =>
      attack(
        `upserts over ${unique.columns.join(", ")}`,
        `${insertion(relation, { ...myDraft, ...of(theirs, unique.columns) })} ${conflict(unique)} do update set organization_id = excluded.organization_id`,
        nothing(SqlState.insufficientPrivilege, SqlState.foreignKeyViolation),
      ),
    ),
  ];

  const parents = parentsIn(relation, relations, victim);
  const referring = parents.flatMap(({ name: reference, stated }) => [
    attack(
      `refers by ${reference} when it inserts`,
      insertion(relation, { ...myDraft, ...stated }),
      refused(SqlState.foreignKeyViolation),
    ),
    attack(
      `refers by ${reference} when it changes`,
      `update ${sql} set ${assigned(stated)} where ${has(mine, keyOf(relation))}`,
      refused(SqlState.foreignKeyViolation),
    ),
  ]);

  // What refuses a move first is the trigger. Without it the policy does, of the new row.
  const withoutTrigger: ReadonlyArray<Attack> = relation.made
    ? [
        {
          ...attack(
            "moves its rows there, were it not for iam_given_once",
            `update ${sql} set ${assigned(placedWith(victim, parents))}`,
            refused(SqlState.insufficientPrivilege),
          ),
          given: [`drop trigger if exists iam_given_once on ${sql}`],
        },
      ]
    : [];
  return [...seeing, ...changing, ...referring, ...withoutTrigger];
};
