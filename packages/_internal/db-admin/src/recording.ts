/**
 * The triggers that record what changes: an event for each row, in the changing transaction, whoever writes. Their
 * functions are written for each table from the catalogue, because one for all would look at every column of every row.
 */
import { createHash } from "node:crypto";
import { SharedEntityIds } from "@beep/shared-domain";
import { changeSetting } from "@beep/shared-tables";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { literal, quoted } from "./hardening.ts";

/** The setting that counts the events of a transaction. */
const numberSetting = "iam.event_number";

/** What a table states of itself, as the database keeps it. */
interface Facts {
  readonly prefix?: string;
  readonly sealed?: ReadonlyArray<string>;
  readonly digested?: ReadonlyArray<string>;
  readonly personal?: ReadonlyArray<string>;
  readonly uneventful?: ReadonlyArray<string>;
  readonly subject?: string | null;
  readonly organization?: string | null;
  readonly unrecorded?: string | null;
}

/** A table of entities, as the catalogue has it. */
export interface Recorded {
  readonly schema: string;
  readonly name: string;
  readonly facts: Facts;
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>;
}

interface Found extends Recorded {
  /** What stands in the database now: the text of the function, and what each trigger does. */
  readonly source: string | null;
  readonly triggers: Readonly<Record<string, string>> | null;
}

const query = `
select t.relnamespace::regnamespace::text as schema, t.relname as name,
  coalesce(obj_description(p.oid, 'pg_policy')::jsonb, '{}') as facts,
  (
    select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by a.attnum)
    from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  ) as columns,
  (
    select f.prosrc from pg_trigger g join pg_proc f on f.oid = g.tgfoid
    where g.tgrelid = t.oid and g.tgname = 'iam_record'
  ) as source,
  (
    select jsonb_object_agg(g.tgname, concat_ws(' ', g.tgtype, g.tgenabled, f.proname,
      case when g.tgqual is not null or g.tgattr::text <> '' then 'sometimes' end))
    from pg_trigger g join pg_proc f on f.oid = g.tgfoid where g.tgrelid = t.oid and g.tgname ~ '^iam_record'
  ) as triggers
from pg_class t join pg_policy p on p.polrelid = t.oid and p.polname = 'iam_service_all'
where t.relkind in ('r', 'p') and t.relnamespace = current_schema()::regnamespace
  -- Records have no versions.
  and exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'version' and not a.attisdropped)
order by t.relname`;

/** Puts the triggers right, of every table that the factories made. What is right already is left alone. */
export const record: Effect.Effect<void, SqlError, PgClient> = Effect.gen(function* () {
  const client = yield* PgClient;
  const tables = yield* client.unsafe<Found>(query);
  for (const table of tables) {
    if (isSo(table)) continue;
    for (const statement of isRecorded(table) ? statements(table) : removal(table)) yield* client.unsafe(statement);
  }
  // Of tables that are gone, have another name, or are recorded no longer.
  const unused = yield* client<{ name: string }>`
    select f.oid::regprocedure::text as name from pg_proc f
    where f.pronamespace = current_schema()::regnamespace and f.proname ~ '^iam_record_'
      and f.prorettype = 'trigger'::regtype and not exists (select from pg_trigger g where g.tgfoid = f.oid)`;
  for (const { name } of unused) yield* client.unsafe(`drop function ${name}`);
});

/**
 * Puts the triggers off, for the length of the migrating transaction: what a migration does to columns would fail in
 * functions that know them as they were. What was migrated is one event instead.
 */
export const suspendRecording: Effect.Effect<void, SqlError, PgClient> = Effect.gen(function* () {
  const client = yield* PgClient;
  const triggers = yield* client<{ suspend: string }>`
    select format('alter table %s disable trigger %I', t.oid::regclass, g.tgname) as suspend
    from pg_trigger g join pg_class t on t.oid = g.tgrelid
    where g.tgname ~ '^iam_record' and g.tgparentid = 0 and t.relnamespace = current_schema()::regnamespace`;
  for (const { suspend } of triggers) yield* client.unsafe(suspend);
});

/** Whether changes of a table are events. */
export const isRecorded = ({ facts }: Recorded): boolean => facts.unrecorded === undefined || facts.unrecorded === null;

/** What makes a table recorded. */
export const statements = (table: Recorded): ReadonlyArray<string> => [
  `create or replace function ${functionOf(table)}() returns trigger language plpgsql security definer
set search_path = pg_catalog, ${quoted(table.schema)}, pg_temp set timezone = 'UTC' as ${literal(body(table))}`,
  `revoke execute on function ${functionOf(table)}() from public`,
  ...triggersOf(table).flatMap(({ definition, name }) => [
    `create or replace trigger ${name} ${definition}`,
    // Also where a superuser has put triggers off for the session.
    `alter table ${nameOf(table)} enable always trigger ${name}`,
  ]),
];

const removal = (table: Found): ReadonlyArray<string> =>
  Object.keys(table.triggers ?? {}).map((name) => `drop trigger ${quoted(name)} on ${nameOf(table)}`);

const nameOf = ({ name, schema }: Recorded): string => `${quoted(schema)}.${quoted(name)}`;

const functionOf = (table: Recorded): string => `${quoted(table.schema)}.${quoted(functionNameOf(table))}`;

/** PostgreSQL cuts a name off after so many bytes, and two that are cut off may be the same. */
const LONGEST_NAME = 63;

const functionNameOf = ({ name }: Recorded): string => {
  const whole = `iam_record_${name}`;
  if (Buffer.byteLength(whole) <= LONGEST_NAME) return whole;
  return `iam_record_${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
};

/** Columns that the event says by itself, or that move with every update. */
const known: ReadonlySet<string> = new Set(["id", "created_at", "updated_at", "version", "organization_id"]);

interface Columns {
  readonly open: Recorded["columns"];
  readonly personal: Recorded["columns"];
  readonly secret: Recorded["columns"];
}

const columnsOf = ({ columns, facts }: Recorded): Columns => {
  const secret = new Set([...(facts.sealed ?? []), ...(facts.digested ?? [])]);
  const personal = new Set(facts.personal ?? []);
  const uneventful = new Set(facts.uneventful ?? []);
  const told = columns
    .filter(({ name }) => !known.has(name) && !uneventful.has(name))
    // In whatever order migrations made them.
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return {
    open: told.filter(({ name }) => !secret.has(name) && !personal.has(name)),
    personal: told.filter(({ name }) => personal.has(name)),
    secret: told.filter(({ name }) => secret.has(name)),
  };
};

/**
 * Types whose values JSON holds as they are, and so lists of them; a time is text as ISO 8601 writes it, in UTC, whatever
 * the session's settings. Others become text: no number of an event is more than a double can hold.
 */
const asTheyAre: ReadonlySet<string> = new Set([
  "boolean",
  "character varying",
  "date",
  "integer",
  "smallint",
  "text",
  "timestamp with time zone",
  "timestamp without time zone",
  "uuid",
]);

const valueOf = (row: "old" | "new", { name, type }: { readonly name: string; readonly type: string }): string => {
  const value = `${row}.${quoted(name)}`;
  if (type === "bytea") return `encode(${value}, 'base64')`;
  return asTheyAre.has(type.replace(/\[\]$/, "")) ? value : `${value}::text`;
};

/** PostgreSQL takes a hundred arguments for a function, two for each column. */
const IN_ONE_OBJECT = 45;

const objectOf = (row: "old" | "new", columns: Recorded["columns"]): string => {
  const parts: Array<string> = [];
  for (let at = 0; at < columns.length; at += IN_ONE_OBJECT) {
    const pairs = columns
      .slice(at, at + IN_ONE_OBJECT)
      .map((column) => `${literal(column.name)}, ${valueOf(row, column)}`);
    parts.push(`jsonb_build_object(${pairs.join(", ")})`);
  }
  return parts.length === 0 ? "null" : `jsonb_strip_nulls(${parts.join(" || ")})`;
};

const differs = ({ name }: { readonly name: string }): string =>
  `old.${quoted(name)} is distinct from new.${quoted(name)}`;

/** Of an update only what has changed. */
const changes = (prefix: string, columns: Recorded["columns"]): string =>
  columns
    .map(
      (column) => `
    if ${differs(column)} then
      ${prefix}before := coalesce(${prefix}before, '{}') || jsonb_build_object(${literal(column.name)}, ${valueOf("old", column)});
      ${prefix}after := coalesce(${prefix}after, '{}') || jsonb_build_object(${literal(column.name)}, ${valueOf("new", column)});
    end if;`,
    )
    .join("");

/** In whose log: the row's organization's, or the installation's. */
const organizationOf = (table: Recorded): string => {
  if (table.name === "iam_organizations") return "affected.id";
  const name = table.facts.organization ?? "organization_id";
  const value = affected(table, name) ?? "null";
  return isText(table, name) ? idIn(value, SharedEntityIds.OrganizationId) : value;
};

const isText = ({ columns }: Recorded, name: string): boolean =>
  columns.some((column) => column.name === name && column.type === "text");

/** Crockford's alphabet, as TypeIDs have it. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * The uuid of an entity's TypeID, and nothing where the text is that of something else. Its suffix is 26 letters of
 * five bits, two that are zero and the uuid's 128: PostgreSQL makes numbers of at most 64, and so four of 32.
 */
const idIn = (text: string, { prefix }: { readonly prefix: string }): string => `
    case when ${text} ~ '^${prefix}_[0-7][${ALPHABET}]{25}$' then (
      select string_agg(lpad(to_hex(substr(bits, 3 + part * 32, 32)::bit(32)::bigint), 8, '0'), '' order by part)::uuid
      from generate_series(0, 3) part, (
        select string_agg((strpos('${ALPHABET}', letter) - 1)::bit(5)::text, '' order by place) as bits
        from string_to_table(right(${text}, 26), null) with ordinality as letters (letter, place)
      ) decoded
    ) end`;

/** Whose data it is: the row itself stands for the person, also where no user is named. */
const subjectOf = (table: Recorded): { readonly type: string; readonly id: string } => {
  const itself = literal(table.facts.prefix ?? table.name);
  const name = table.facts.subject ?? "";
  const value = affected(table, name);
  const user = value !== null && isText(table, name) ? idIn(value, SharedEntityIds.UserId) : value;
  return user === null
    ? { type: itself, id: "affected.id" }
    : { type: `case when ${user} is null then ${itself} else 'user' end`, id: `coalesce(${user}, affected.id)` };
};

/** A column of the row; none where it is gone since the table stated it. */
const affected = ({ columns }: Recorded, column: string): string | null =>
  columns.some(({ name }) => name === column) ? `affected.${quoted(column)}` : null;

const body = (table: Recorded): string => {
  const { open, personal, secret } = columnsOf(table);
  const type = literal(table.facts.prefix ?? table.name);
  const subject = subjectOf(table);
  return `
declare
  affected ${nameOf(table)};
  action text;
  before jsonb;
  after jsonb;
  personal_before jsonb;
  personal_after jsonb;
  secrets text[];
begin
  if tg_op = 'INSERT' then
    affected := new;
    action := 'created';
    after := ${objectOf("new", open)};
    personal_after := ${objectOf("new", personal)};
  elsif tg_op = 'DELETE' then
    affected := old;
    action := 'deleted';
    before := ${objectOf("old", open)};
    personal_before := ${objectOf("old", personal)};
  elsif tg_op = 'UPDATE' then
    affected := new;
    action := 'updated';${changes("", open)}${changes("personal_", personal)}${secret
      .map(
        (column) => `
    if ${differs(column)} then
      secrets := array_append(secrets, ${literal(column.name)});
    end if;`,
      )
      .join("")}
    if secrets is not null then
      after := coalesce(after, '{}') || jsonb_build_object('secrets', secrets);
    end if;
    if after is null and personal_after is null then
      return null;
    end if;
  else
    action := 'truncated';
  end if;
  perform iam_write_event(${organizationOf(table)}, ${type} || '.' || action, ${type}, affected.id, 'success',
    before, after, ${subject.type}, ${subject.id}, personal_before, personal_after);
  return null;
end
`;
};

/**
 * Writes an event, and apart from it the personal data of which it holds the digest. For the triggers, and for the
 * services where something happened that changed no row.
 */
export const createWriter = (schema: string): ReadonlyArray<string> => [
  `
create or replace function iam_write_event(organization uuid, action text, target_type text, target_id uuid, outcome text,
  before jsonb, after jsonb, subject_type text, subject_id uuid, personal_before jsonb, personal_after jsonb)
returns void language plpgsql security definer set search_path = pg_catalog, ${quoted(schema)}, pg_temp as $$
#variable_conflict use_variable
declare
  event uuid := gen_random_uuid();
  snapshot pg_snapshot := pg_current_snapshot();
  own xid8 := pg_current_xact_id();
  number int := coalesce(nullif(current_setting('${numberSetting}', true), '')::int, 0) + 1;
  recorded text;
begin
  if personal_before <> '{}' or personal_after <> '{}' then
    recorded := jsonb_build_object('salt', gen_random_uuid(), 'before', personal_before, 'after', personal_after);
    insert into iam_audit_envelopes (event_id, subject_type, subject_id, recorded)
    values (event, subject_type, subject_id, recorded);
  end if;
  perform set_config('${numberSetting}', number::text, true);
  -- Whoever sees this transaction's rows has a later horizon than this one, or fewer that run below it.
  insert into iam_audit_events (id, organization_id, action, target_type, target_id, outcome, context, before, after,
    personal, transaction, horizon, running, number)
  values (event, organization, action, target_type, target_id, outcome,
    nullif(current_setting('${changeSetting}', true), '')::jsonb, before, after, sha256(convert_to(recorded, 'UTF8')),
    own, pg_snapshot_xmax(snapshot),
    (select count(*) from pg_snapshot_xip(snapshot)) + (own < pg_snapshot_xmax(snapshot))::int, number);
end
$$`,
  `revoke execute on function
    iam_write_event(uuid, text, text, uuid, text, jsonb, jsonb, text, uuid, jsonb, jsonb) from public`,
  `grant execute on function
    iam_write_event(uuid, text, text, uuid, text, jsonb, jsonb, text, uuid, jsonb, jsonb) to iam_service`,
];

/** Records which migrations were made. */
export const recordMigrations = (names: ReadonlyArray<string>): Effect.Effect<void, SqlError, PgClient> =>
  Effect.flatMap(PgClient, (client) =>
    Effect.asVoid(client`
      select iam_write_event(null, 'database.migrated', null, null, 'success', null,
        jsonb_build_object('migrations', ${JSON.stringify(names)}::text), null, null, null, null)`),
  );

interface Trigger {
  readonly name: string;
  readonly definition: string;
  /** The same as `pg_trigger.tgtype` has it. */
  readonly type: number;
}

const triggersOf = (table: Recorded): ReadonlyArray<Trigger> => {
  const does = `EXECUTE FUNCTION ${functionOf(table)}()`;
  return [
    {
      name: "iam_record",
      definition: `AFTER INSERT OR DELETE OR UPDATE ON ${nameOf(table)} FOR EACH ROW ${does}`,
      type: 29,
    },
    {
      name: "iam_record_truncation",
      definition: `AFTER TRUNCATE ON ${nameOf(table)} FOR EACH STATEMENT ${does}`,
      type: 32,
    },
  ];
};

/** Whether a table's triggers are as they must be, and what their function does. */
const isSo = (table: Found): boolean => {
  const wanted = isRecorded(table) ? triggersOf(table) : [];
  const found = Object.entries(table.triggers ?? {});
  return (
    found.length === wanted.length &&
    wanted.every(({ name, type }) => table.triggers?.[name] === `${type} A ${functionNameOf(table)}`) &&
    (wanted.length === 0 || table.source === body(table))
  );
};
