/**
 * One change for each kind of thing that a database has, with the objects whose difference it must show: no more and no
 * fewer.
 */
export interface Mutation {
  readonly title: string;
  /** One statement, or several. */
  readonly sql: string;
  readonly seen: ReadonlyArray<string>;
}

const mutation = (title: string, sql: string, ...seen: ReadonlyArray<string>): Mutation => ({ title, sql, seen });

const serviceOnMembers = "privileges of iam_service on iam_members";
const part = "unexpected: part iam_audit_events_other of iam_audit_events";
const isolation = "policy iam_tenant_isolation on iam_members";

export const mutations: ReadonlyArray<Mutation> = [
  mutation("a table more", "create table extra (n int)", "unexpected: column extra.n", "unexpected: table extra"),
  mutation("a table with another owner", "alter table iam_rate_limits owner to postgres", "table iam_rate_limits"),
  mutation(
    "a view",
    "create view extra as select 1 as n",
    "unexpected: column extra.n",
    "unexpected: rule _RETURN on extra",
    "unexpected: v extra",
  ),
  mutation("a sequence", "create sequence extra", "unexpected: sequence extra"),
  mutation("a type", "create type extra as enum ('a')", "unexpected: type extra"),
  mutation("a schema", "create schema extra", "unexpected: schema extra"),

  mutation("a column more", "alter table iam_teams add extra text", "unexpected: column iam_teams.extra"),
  mutation("a column fewer", "alter table iam_users drop ban_reason", "missing: column iam_users.ban_reason"),
  mutation("another type", "alter table iam_teams alter name type varchar(80)", "column iam_teams.name"),
  mutation(
    "another precision",
    "alter table iam_sessions alter expires_at type timestamptz",
    "column iam_sessions.expires_at",
  ),
  mutation("another collation", `alter table iam_teams alter name type text collate "C"`, "column iam_teams.name"),
  mutation("a column that may be null", "alter table iam_teams alter name drop not null", "column iam_teams.name"),
  mutation(
    "a column that may not be null",
    "alter table iam_sessions alter ip_address set not null",
    "column iam_sessions.ip_address",
  ),
  mutation(
    "another default",
    "alter table iam_teams alter member_count set default 1",
    "column iam_teams.member_count",
  ),
  mutation(
    "no default",
    "alter table iam_members alter organization_id drop default",
    "column iam_members.organization_id",
  ),
  mutation("a default more", "alter table iam_teams alter name set default ''", "column iam_teams.name"),

  mutation(
    "no primary key",
    "alter table iam_rate_limits drop constraint iam_rate_limits_pkey",
    "missing: constraint iam_rate_limits_pkey on iam_rate_limits",
  ),
  mutation(
    "a unique fewer",
    "alter table iam_members drop constraint iam_members_organization_id_user_id_unique",
    "missing: constraint iam_members_organization_id_user_id_unique on iam_members",
  ),
  mutation(
    "a unique more",
    "alter table iam_teams add unique (name)",
    "unexpected: constraint iam_teams_name_key on iam_teams",
  ),
  mutation(
    "a unique over other columns",
    `alter table iam_members drop constraint iam_members_organization_id_user_id_unique,
       add constraint iam_members_organization_id_user_id_unique unique (user_id)`,
    "constraint iam_members_organization_id_user_id_unique on iam_members",
  ),
  mutation(
    "a foreign key fewer",
    "alter table iam_accounts drop constraint iam_accounts_user_id_iam_users_id_fkey",
    "missing: foreign key iam_accounts(user_id)",
  ),
  mutation(
    "another action of a foreign key",
    `alter table iam_accounts drop constraint iam_accounts_user_id_iam_users_id_fkey,
       add foreign key (user_id) references iam_users on delete restrict`,
    "foreign key iam_accounts(user_id)",
  ),
  mutation(
    "a foreign key that is not checked",
    "alter table iam_accounts disable trigger all",
    "foreign key iam_accounts(user_id)",
    "trigger iam_given_once on iam_accounts",
    "trigger iam_record on iam_accounts",
    "trigger iam_record_truncation on iam_accounts",
    "trigger iam_touch_row on iam_accounts",
  ),
  mutation(
    "a foreign key that old rows may break",
    `alter table iam_accounts drop constraint iam_accounts_user_id_iam_users_id_fkey,
       add foreign key (user_id) references iam_users on delete cascade not valid`,
    "foreign key iam_accounts(user_id)",
  ),
  mutation(
    "a check fewer",
    "alter table iam_members drop constraint iam_members_role_check",
    "missing: constraint iam_members_role_check on iam_members",
  ),
  mutation(
    "another check",
    `alter table iam_members drop constraint iam_members_role_check,
       add constraint iam_members_role_check check (role <> 'x')`,
    "constraint iam_members_role_check on iam_members",
  ),

  mutation("an index fewer", "drop index iam_members_user_id_idx", "missing: index iam_members_user_id_idx"),
  mutation("an index more", "create index extra on iam_teams (name)", "unexpected: index extra"),
  mutation(
    "an index over fewer rows",
    `drop index iam_members_user_id_idx;
     create index iam_members_user_id_idx on iam_members (user_id) where role = 'x'`,
    "index iam_members_user_id_idx",
  ),
  mutation(
    "an index that is not unique",
    `drop index notification_pref_org_channel_idx;
     create index notification_pref_org_channel_idx on iam_notification_preferences (organization_id, channel)`,
    "index notification_pref_org_channel_idx",
  ),
  mutation(
    "an index that was not built to its end",
    "update pg_index set indisvalid = false where indexrelid = 'iam_members_user_id_idx'::regclass",
    "index iam_members_user_id_idx",
  ),

  mutation("no row security", "alter table iam_members disable row level security", "row security of iam_members"),
  mutation(
    "an owner who sees all",
    "alter table iam_members no force row level security",
    "row security of iam_members",
  ),
  mutation("a policy fewer", "drop policy iam_tenant_isolation on iam_members", `missing: ${isolation}`),
  mutation(
    "a policy more",
    "create policy extra on iam_members using (true)",
    "unexpected: policy extra on iam_members",
  ),
  mutation("another USING", "alter policy iam_tenant_isolation on iam_members using (true)", isolation),
  mutation("another WITH CHECK", "alter policy iam_tenant_isolation on iam_members with check (true)", isolation),
  mutation("other roles", "alter policy iam_tenant_isolation on iam_members to iam_tenant, iam_app", isolation),
  mutation(
    "another command",
    `drop policy iam_service_all on iam_members;
     create policy iam_service_all on iam_members for update to iam_service using (true) with check (true)`,
    "policy iam_service_all on iam_members",
  ),
  mutation(
    "a restrictive policy",
    `drop policy iam_service_all on iam_members;
     create policy iam_service_all on iam_members as restrictive to iam_service using (true) with check (true)`,
    "policy iam_service_all on iam_members",
  ),
  mutation(
    "a policy that states other columns",
    `comment on policy iam_tenant_reads on iam_users is '["id"]'`,
    "policy iam_tenant_reads on iam_users",
  ),

  mutation("a privilege fewer", "revoke delete on iam_members from iam_service", serviceOnMembers),
  mutation("a privilege more", "grant truncate on iam_members to iam_service", serviceOnMembers),
  mutation("a privilege to hand on", "grant select on iam_members to iam_service with grant option", serviceOnMembers),
  mutation(
    "no privilege of the login",
    "revoke select on iam_members from iam_app",
    "missing: privileges of iam_app on iam_members",
  ),
  mutation(
    "a privilege of tenants",
    "grant select on iam_sessions to iam_tenant",
    "unexpected: privileges of iam_tenant on iam_sessions",
  ),
  mutation(
    "a privilege of everybody",
    "grant select on iam_teams to public",
    "unexpected: privileges of public on iam_teams",
  ),
  mutation(
    "a column that tenants may read",
    "grant select (role) on iam_users to iam_tenant",
    "unexpected: privileges of iam_tenant on iam_users.role",
  ),
  mutation(
    "a column that tenants may write",
    "grant update (name) on iam_users to iam_tenant",
    "privileges of iam_tenant on iam_users.name",
  ),
  mutation(
    "a column that tenants may not read",
    "revoke select (name) on iam_users from iam_tenant",
    "missing: privileges of iam_tenant on iam_users.name",
  ),
  mutation(
    "privileges on tables to come",
    "alter default privileges for role iam_owner grant select on tables to iam_tenant",
    "unexpected: privileges of iam_tenant on what the owner will create",
  ),
  mutation(
    "a privilege on a schema",
    "grant create on schema public to iam_tenant",
    "unexpected: privileges of iam_tenant on schema public",
  ),

  mutation(
    "a trigger fewer",
    "drop trigger iam_touch_row on iam_members",
    "missing: trigger iam_touch_row on iam_members",
  ),
  mutation(
    "a trigger more",
    "create trigger extra before insert on iam_teams for each row execute function iam_touch_row()",
    "unexpected: trigger extra on iam_teams",
  ),
  mutation(
    "a trigger that is off",
    "alter table iam_members disable trigger iam_given_once",
    "trigger iam_given_once on iam_members",
  ),
  mutation(
    "a trigger on another condition",
    `create or replace trigger iam_given_once before update on iam_members for each row
       when (old.id is distinct from new.id) execute function iam_refuse_change()`,
    "trigger iam_given_once on iam_members",
  ),
  mutation(
    "a trigger with other arguments",
    `create or replace trigger iam_place_in_organization before insert on iam_team_members for each row
       when (new.organization_id is null) execute function iam_place_in_organization('iam_teams', 'user_id')`,
    "trigger iam_place_in_organization on iam_team_members",
  ),
  mutation(
    "a trigger's function that does something else",
    "create or replace function iam_touch_row() returns trigger language plpgsql as 'begin return new; end'",
    "function iam_touch_row()",
  ),
  mutation(
    "a function with its owner's rights",
    "alter function iam_place_in_organization() security definer",
    "function iam_place_in_organization()",
  ),
  mutation(
    "a function with its owner's rights that everybody may run",
    "grant execute on function iam_make_partitions() to public",
    "unexpected: privileges of public on function iam_make_partitions()",
  ),
  mutation(
    "a trigger that records less",
    "create or replace trigger iam_record after insert on iam_teams for each row execute function iam_record_iam_teams()",
    "trigger iam_record on iam_teams",
  ),
  mutation(
    "a trigger that does not always fire",
    "alter table iam_audit_seals enable trigger iam_immutable",
    "trigger iam_immutable on iam_audit_seals",
  ),
  mutation(
    "a part of a table without row security",
    "alter table iam_audit_events_other no force row level security",
    part,
  ),
  mutation("a privilege on a part", "grant select on iam_audit_events_other to iam_tenant", part),
  mutation("a part whose trigger is off", "alter table iam_audit_events_other disable trigger iam_immutable", part),
  mutation("a part that may be truncated", "drop trigger iam_not_truncated on iam_audit_events_other", part),
  mutation(
    "a rule",
    "create rule extra as on insert to iam_teams do instead nothing",
    "unexpected: rule extra on iam_teams",
  ),
];
