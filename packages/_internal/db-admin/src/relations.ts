/**
 * What the database does by itself when relation tuples are written, whoever writes them: the tenant's revision rises, what
 * nests in what is found anew, and what was written stands in the log.
 *
 * Whoever writes has the revision's row locked until the transaction is over, so that of two who nest groups at once the
 * second one sees what the first one has done.
 */
import { quoted } from "./hardening.ts";
import * as SqlState from "./SqlState.ts";

/** So many rows of a statement are an event each; of more it is one event with their digest. */
const EVENTS = 100;

/** How a tuple is written in events. */
const text = `subject_type || ':' || subject_id || case when subject_relation = '' then '' else '#' || subject_relation end
  || ' ' || relation || ' ' || object_type || ':' || object_id`;

/** All that a tuple says, in one line. */
const line = `concat_ws(' ', organization_id, application_id, ${text}, condition, context, expires_at at time zone 'UTC')`;

/** Events of the rows of a transition table. */
const recorded = (rows: "written" | "removed", side: "before" | "after", action: string): string => `
  if (select count(*) from (select from ${rows} limit ${EVENTS + 1}) first_rows) > ${EVENTS} then
    perform iam_write_event(organization_id, 'relation.${action}', 'relation', null, 'success',
      ${side === "before" ? "told, null" : "null, told"}, null, null, null, null)
    from (
      select organization_id, jsonb_build_object('application', application_id, 'count', count(*),
        'digest', encode(sha256(convert_to(string_agg(${line}, e'\\n' order by ${line} collate "C"), 'UTF8')), 'hex')) as told
      from ${rows} group by organization_id, application_id
    ) many;
  else
    perform iam_write_event(organization_id, 'relation.${action}', 'relation', null, 'success',
      ${side === "before" ? "told, null" : "null, told"}, null, null, null, null)
    from (
      select organization_id, jsonb_strip_nulls(jsonb_build_object('application', application_id, 'tuple', ${text},
        'condition', condition, 'context', context, 'expires_at', expires_at)) as told
      from ${rows} order by ${line} collate "C"
    ) each_one;
  end if;`;

/** In whose policy rows of a transition table are, and of which applications they speak. */
const gathered = (rows: "written" | "removed"): string => `
  organizations := organizations || array(select distinct organization_id from ${rows});
  applications := applications || array(select distinct application_id from ${rows});`;

/** The groups that rows of a transition table nest something in. */
const nesting = (rows: "written" | "removed"): string => `
  select touched || coalesce(jsonb_agg(distinct jsonb_build_array(
      r.organization_id, r.application_id, r.object_type, r.object_id, r.relation)), '[]') into touched
  from ${rows} r join iam_nested_relations n on n.application_id = r.application_id and n.object_type = r.object_type
    and n.relation = r.relation and n.subject_type = r.subject_type and n.subject_relation = r.subject_relation
  where r.subject_relation <> '';`;

/**
 * The groups that tuples nest directly in one, as rows `e`. By the key for each: of a table that was just filled the planner
 * may think anything.
 */
const inner = (group: {
  readonly row: string;
  readonly type: string;
  readonly id: string;
  readonly relation: string;
}) => `
    cross join lateral (
      select r.subject_type, r.subject_id, r.subject_relation, coalesce(r.expires_at, 'infinity') as expires_at
      from iam_relations r
      where r.organization_id = ${group.row}.organization_id and r.application_id = ${group.row}.application_id
        and r.object_type = ${group.row}.${group.type} and r.object_id = ${group.row}.${group.id}
        and r.relation = ${group.row}.${group.relation} and r.subject_relation <> '' and r.condition is null offset 0
    ) e
    join iam_nested_relations n on n.application_id = ${group.row}.application_id
      and n.object_type = ${group.row}.${group.type} and n.relation = ${group.row}.${group.relation}
      and n.subject_type = e.subject_type and n.subject_relation = e.subject_relation`;

/** The functions and triggers of the tables of relations. */
export const createRelations = (schema: string): ReadonlyArray<string> => [
  // Of some groups, and of all that they are in: given as JSON lists of their keys.
  `
create or replace function iam_nest_relations(touched jsonb) returns void language sql
set search_path = pg_catalog, ${quoted(schema)}, pg_temp as $$
  with asked as materialized (
    select (k ->> 0)::uuid as organization_id, (k ->> 1)::uuid as application_id, k ->> 2 as type, k ->> 3 as id, k ->> 4 as relation
    from jsonb_array_elements(touched) k
  )
  delete from iam_relation_nestings n using asked a
  where n.organization_id = a.organization_id and n.application_id = a.application_id and n.outer_type = a.type
    and n.outer_id = a.id and n.outer_relation = a.relation;

  insert into iam_relation_nestings (organization_id, application_id, outer_type, outer_id, outer_relation,
    inner_type, inner_id, inner_relation, expires_at)
  with recursive asked as materialized (
    select (k ->> 0)::uuid as organization_id, (k ->> 1)::uuid as application_id, k ->> 2 as type, k ->> 3 as id, k ->> 4 as relation
    from jsonb_array_elements(touched) k
  ), within as (
    select a.organization_id, a.application_id, a.type, a.id, a.relation, e.subject_type, e.subject_id, e.subject_relation,
      e.expires_at
    from asked a ${inner({ row: "a", type: "type", id: "id", relation: "relation" })}
    union
    select w.organization_id, w.application_id, w.type, w.id, w.relation, e.subject_type, e.subject_id, e.subject_relation,
      least(w.expires_at, e.expires_at)
    from within w ${inner({ row: "w", type: "subject_type", id: "subject_id", relation: "subject_relation" })}
  )
  select organization_id, application_id, type, id, relation, subject_type, subject_id, subject_relation,
    nullif(max(expires_at), 'infinity')
  from within group by organization_id, application_id, type, id, relation, subject_type, subject_id, subject_relation;
$$`,
  `
create or replace function iam_relations_written() returns trigger language plpgsql
set search_path = pg_catalog, ${quoted(schema)}, pg_temp set timezone = 'UTC' as $$
declare
  touched jsonb := '[]';
  organizations uuid[] := '{}';
  applications uuid[] := '{}';
begin
  if tg_op = 'TRUNCATE' then
    -- As a fault of its own: who may do this and not that was let do what nobody is meant to.
    if not has_table_privilege('iam_relation_nestings', 'delete') then
      raise exception 'facts are taken away by the services alone' using errcode = '${SqlState.immutable}';
    end if;
    delete from iam_relation_nestings;
    update iam_policy_revisions set revision = revision + 1;
    perform iam_write_event(null, 'relation.truncated', 'relation', null, 'success', null, null, null, null, null, null);
    return null;
  end if;
  if tg_op <> 'DELETE' then ${gathered("written")}
  end if;
  if tg_op <> 'INSERT' then ${gathered("removed")}
  end if;
  if organizations = '{}' then
    return null;
  end if;

  -- Whoever changes the model waits for this, or this for them; and only then it is known what nests.
  perform from iam_applications where id = any (applications) order by id for key share;
  -- An organization that is being deleted has no policy any more.
  insert into iam_policy_revisions as r (organization_id, revision)
  select id, 1 from iam_organizations where id = any (organizations) order by id
  on conflict (organization_id) do update set revision = r.revision + 1;

  if tg_op <> 'DELETE' then ${nesting("written")}
  end if;
  if tg_op <> 'INSERT' then ${nesting("removed")}
  end if;
  if touched <> '[]' then
    perform iam_nest_relations((
      select jsonb_agg(distinct k) from (
        select k from jsonb_array_elements(touched) k
        union all
        select jsonb_build_array(n.organization_id, n.application_id, n.outer_type, n.outer_id, n.outer_relation)
        from jsonb_array_elements(touched) k cross join lateral (
          select * from iam_relation_nestings n where n.organization_id = (k ->> 0)::uuid
            and n.application_id = (k ->> 1)::uuid and n.inner_type = k ->> 2 and n.inner_id = k ->> 3
            and n.inner_relation = k ->> 4 offset 0
        ) n
      ) keys (k)
    ));
  end if;

  if tg_op = 'INSERT' then ${recorded("written", "after", "created")}
  elsif tg_op = 'DELETE' then ${recorded("removed", "before", "deleted")}
  else ${recorded("removed", "before", "deleted")} ${recorded("written", "after", "created")}
  end if;
  return null;
end
$$`,
];

/** The triggers, of which one is made only where it is not there: its lock waits for whoever writes, and holds up others. */
export const relationTriggers: ReadonlyArray<string> = [
  ["iam_relations_inserted", "after insert", "referencing new table as written"],
  ["iam_relations_updated", "after update", "referencing old table as removed new table as written"],
  ["iam_relations_deleted", "after delete", "referencing old table as removed"],
  ["iam_relations_truncated", "after truncate", ""],
].map(
  ([name, event, tables]) => `
do $$
begin
  if not exists (
    select from pg_trigger t join pg_proc f on f.oid = t.tgfoid
    where t.tgrelid = 'iam_relations'::regclass and t.tgname = '${name}' and t.tgenabled = 'A' and f.proname = 'iam_relations_written'
  ) then
    create or replace trigger ${name} ${event} on iam_relations ${tables} for each statement execute function iam_relations_written();
    -- Also where a superuser has put triggers off for the session.
    alter table iam_relations enable always trigger ${name};
  end if;
end
$$`,
);
