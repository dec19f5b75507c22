/** What one tenant tries with the rows of another. */
import { SqlState } from "@beep/db-admin";
import { type Actor, type Attack, nothing, refused, tries } from "../Attack.ts";
import { literal, quoted } from "../names.ts";
import type { Key, Relation } from "../relations.ts";
import { insertion, type Row, type Tenant } from "../rows.ts";
import { assigned, has, keyOf, of, type Parent, parentsIn, placedWith } from "./statements.ts";

const denied = refused(SqlState.insufficientPrivilege);

/** Who tries it with whom, on which table. */
interface Meeting {
  readonly relation: Relation;
  readonly relations: ReadonlyArray<Relation>;
  readonly attack: ReturnType<typeof tries>;
  /** A row of each that is there, and one that could be. */
  readonly mine: Row;
  readonly myDraft: Row;
  readonly theirs: Row;
  readonly theirDraft: Row;
  readonly me: Tenant;
  readonly them: Tenant;
  /** To what their row refers. */
  readonly theirParents: ReadonlyArray<Parent>;
}

const seeing = ({ attack, relation, relations, theirs, them }: Meeting): ReadonlyArray<Attack> => {
  const { keys, references, sql } = relation;
  const organization = literal(them.organization);
  const ofThem = `organization_id = ${organization}`;
  const joined = references.filter(({ parent }) =>
    relations.some((other) => other.hasOrganization && other.sql === parent),
  );
  return [
    ...keys.map(({ columns }) =>
      attack(`sees by ${columns.join(", ")}`, `select from ${sql} where ${has(theirs, columns)}`, nothing()),
    ),
    attack("sees by its organization", `select from ${sql} where ${ofThem}`, nothing()),
    attack("counts", `select from (select count(*) as n from ${sql} where ${ofThem}) counted where n > 0`, nothing()),
    attack("asks whether there is one", `select where exists (select from ${sql} where ${ofThem})`, nothing()),
    attack(
      "sees by a join",
      `select from (values (${organization}::uuid)) wanted (id) join ${sql} on organization_id = wanted.id`,
      nothing(),
    ),
    ...joined.map(({ columns, parent, parentColumns }) => {
      const on = columns.map(
        (column, position) => `child.${quoted(column)} = parent.${quoted(parentColumns[position] ?? "")}`,
      );
      return attack(
        `sees by a join with ${parent}`,
        `select from ${sql} child full join ${parent} parent on ${on.join(" and ")} where child.${ofThem} or parent.${ofThem}`,
        nothing(),
      );
    }),
    // A condition that fails on a row tells of it, if it is asked before the policy.
    attack(
      "is told by an error",
      `select from ${sql} where case when ${ofThem} then 1 / (36 - length(organization_id::text)) = 1 end`,
      nothing(),
    ),
    attack("locks", `select from ${sql} where ${ofThem} for update`, nothing()),
  ];
};

/** The row that is there keeps its organization, which it is given once. */
const conflict = ({ sql }: Relation, { expressions, predicate }: Key): string =>
  [
    `on conflict (${expressions.map((expression) => `(${expression})`).join(", ")})`,
    ...(predicate === null ? [] : [`where ${predicate}`]),
    `do update set organization_id = ${sql}.organization_id`,
  ].join(" ");

const changing = ({ attack, me, myDraft, relation, theirDraft, theirs, them }: Meeting): ReadonlyArray<Attack> => {
  const { keys, sql } = relation;
  const organization = literal(them.organization);
  const key = has(theirs, keyOf(relation));
  const same = "organization_id = organization_id";
  const inserts = insertion(relation, theirDraft);
  return [
    attack("changes by key", `update ${sql} set ${same} where ${key}`, nothing()),
    attack(
      "changes and is shown",
      `update ${sql} set ${same} where organization_id = ${organization} returning *`,
      nothing(),
    ),
    attack("takes", `update ${sql} set organization_id = ${literal(me.organization)} where ${key}`, nothing()),
    // Without a condition and without RETURNING, which would ask of the new row too whether it may be seen.
    attack(
      "moves its rows there",
      `update ${sql} set organization_id = ${organization}`,
      refused(SqlState.insufficientPrivilege, SqlState.givenOnce),
    ),
    attack("deletes by key", `delete from ${sql} where ${key}`, nothing()),
    attack("deletes and is shown", `delete from ${sql} where organization_id = ${organization} returning *`, nothing()),
    attack("empties", `truncate ${sql}`, denied),
    attack("inserts", inserts, denied),
    attack("inserts and is shown", `${inserts} returning *`, denied),
    ...keys.map((unique) => {
      const like = insertion(relation, { ...myDraft, ...of(theirs, unique.columns) });
      return attack(
        `upserts over ${unique.columns.join(", ")}`,
        // A row of its own is no row of theirs: only one that was there before has been locked.
        `with upserted as (${like} ${conflict(relation, unique)} returning xmax::text <> '0' as was_there)
          select from upserted where was_there`,
        nothing(SqlState.insufficientPrivilege, SqlState.foreignKeyViolation),
      );
    }),
  ];
};

const referring = ({ attack, mine, myDraft, relation, theirParents }: Meeting): ReadonlyArray<Attack> =>
  theirParents.flatMap(({ name, stated }) => [
    attack(
      `refers by ${name} when it inserts`,
      insertion(relation, { ...myDraft, ...stated }),
      refused(SqlState.foreignKeyViolation),
    ),
    attack(
      `refers by ${name} when it changes`,
      `update ${relation.sql} set ${assigned(stated)} where ${has(mine, keyOf(relation))}`,
      refused(SqlState.foreignKeyViolation),
    ),
  ]);

/** What refuses a move first is the trigger. Without it the policy does: of the old row, and of the new one. */
const moving = ({ attack, me, relation, relations, theirParents, theirs, them }: Meeting): ReadonlyArray<Attack> => {
  if (!relation.made) return [];
  const { sql } = relation;
  const given = [`drop trigger if exists iam_given_once on ${sql}`];
  const there = assigned(placedWith(them, theirParents));
  const here = assigned(placedWith(me, parentsIn(relation, relations, me)));
  const taken = `update ${sql} set ${here} where ${has(theirs, keyOf(relation))}`;
  return [
    { ...attack("moves its rows there, were it not for iam_given_once", `update ${sql} set ${there}`, denied), given },
    { ...attack("takes, were it not for iam_given_once", taken, nothing()), given },
  ];
};

/** Every attack of one tenant on another's rows in a table. */
export const acrossTenants = (
  relation: Relation,
  relations: ReadonlyArray<Relation>,
  { actor, tenant: me }: { readonly tenant: Tenant; readonly actor: Actor },
  them: Tenant,
): ReadonlyArray<Attack> => {
  const [mine, myDraft] = [me.rows.get(relation.sql), me.drafts.get(relation.sql)];
  const [theirs, theirDraft] = [them.rows.get(relation.sql), them.drafts.get(relation.sql)];
  if (mine === undefined || myDraft === undefined || theirs === undefined || theirDraft === undefined) return [];
  const attack = tries(relation.name, actor);
  const theirParents = parentsIn(relation, relations, them);
  const meeting: Meeting = { attack, me, mine, myDraft, relation, relations, theirDraft, theirParents, theirs, them };
  return [seeing, changing, referring, moving].flatMap((attacks) => attacks(meeting));
};
