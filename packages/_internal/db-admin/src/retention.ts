/** Taking the oldest months out of the audit log. */
import { literal, quoted } from "./hardening.ts";

/**
 * The function that drops a month of the log, for the services, who may not drop tables: none that is younger than a month.
 * They write the event that tells of it before; without it whoever verifies the log finds the events missing.
 */
export const createRetention = (schema: string): ReadonlyArray<string> => [
  `
create or replace function iam_retire_events(month date) returns void language plpgsql security definer
set search_path = pg_catalog, ${quoted(schema)}, pg_temp set lock_timeout = '2s' as $$
declare
  part text := format('%I.%I', ${literal(schema)}, 'iam_audit_events_' || to_char(month, 'YYYY_MM'));
begin
  if (month + interval '2 months') at time zone 'UTC' > now() then
    raise exception 'the month of % is too young to be retired', month using errcode = '22023';
  end if;
  -- Also where it is another table that is called so: it fails then.
  execute format('alter table iam_audit_events detach partition %s', part);
  execute format('drop table %s', part);
end
$$`,
  "revoke execute on function iam_retire_events(date) from public",
  "grant execute on function iam_retire_events(date) to iam_service",
];
