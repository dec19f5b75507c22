/** Trying: each attempt is a transaction that is undone, whatever comes of it. */
import { SqlState } from "@beep/db-admin";
import { Tenancy } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { PgClient as Client } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import type { SqlError } from "effect/sql/SqlError";
import type { Actor, Attack } from "./Attack.ts";
import type { Outcome } from "./Finding.ts";

const failed = (error: unknown): Outcome => ({
  _tag: "Failed",
  state: SqlState.of(error),
  said: SqlState.message(error),
});

/** How many rows a statement touched. What a constraint has put off is asked before that counts. */
const touched = (client: PgClient, statement: string): Effect.Effect<Outcome, SqlError> =>
  Effect.gen(function* () {
    const result = yield* client.unsafe(statement).raw;
    if (!statement.startsWith("select")) yield* client`set constraints all immediate`;
    const rows = Predicate.hasProperty(result, "rowCount") ? Number(result.rowCount ?? 0) : 0;
    return { _tag: "Touched", rows };
  });

const taking = (client: PgClient, role: string, organization?: string) =>
  organization === undefined
    ? client`select set_config('role', ${role}, true)`
    : client`select set_config('role', ${role}, true), set_config('iam.organization_id', ${organization}, true)`;

/** Runs an effect as an actor that is no owner, in the way of an application. */
const actingAs =
  (client: PgClient, actor: Exclude<Actor, { readonly _tag: "Owner" }>) =>
  <A, E>(effect: Effect.Effect<A, E>) => {
    switch (actor._tag) {
      case "Tenant":
        return effect.pipe(
          Tenancy.within(SharedEntityIds.OrganizationId.fromUuid(actor.organization)),
          Effect.provideService(Client, client),
        );
      case "Nowhere":
        return client.withTransaction(
          Effect.andThen(taking(client, "iam_tenant", actor.setting === "empty" ? "" : undefined), effect),
        );
      case "Service":
        return client.withTransaction(Effect.andThen(taking(client, "iam_service", ""), effect));
      case "Login":
        return client.withTransaction(effect);
    }
  };

/** Tries by the client of an application, by its scopes. */
export const byClient = (
  client: PgClient,
  actor: Exclude<Actor, { readonly _tag: "Owner" }>,
  statement: string,
): Effect.Effect<Outcome> =>
  touched(client, statement).pipe(
    // To fail is to undo.
    Effect.flatMap((outcome) => Effect.fail(outcome)),
    actingAs(client, actor),
    Effect.flip,
    Effect.map((end) => (end._tag === "Touched" || end._tag === "Failed" ? end : failed(end))),
  );

const settingsOf = (actor: Actor, login: string): { readonly role: string; readonly organization: string | null } => {
  switch (actor._tag) {
    case "Tenant":
      return { role: "iam_tenant", organization: actor.organization };
    case "Nowhere":
      return { role: "iam_tenant", organization: actor.setting === "empty" ? "" : null };
    case "Service":
      return { role: "iam_service", organization: "" };
    case "Login":
      return { role: login, organization: "" };
    case "Owner":
      return { role: actor.role, organization: "" };
  }
};

/**
 * Tries for an administrator, by a function of the session: the statements of an attempt are one subtransaction, in which
 * the administrator has taken the actor's role.
 */
const functionForAttempts = `
create function pg_temp.iam_attempts(attempts jsonb)
  returns table (touched bigint, state text, said text) language plpgsql as $$
declare
  attempt jsonb;
  given text;
begin
  for attempt in select value from jsonb_array_elements(attempts) with ordinality order by ordinality loop
    touched := null; state := null; said := null;
    begin
      for given in select jsonb_array_elements_text(attempt -> 'given') loop
        execute given;
      end loop;
      if attempt ->> 'organization' is not null then
        perform set_config('iam.organization_id', attempt ->> 'organization', true);
      end if;
      perform set_config('role', attempt ->> 'role', true);
      execute attempt ->> 'statement';
      get diagnostics touched = row_count;
      execute 'set constraints all immediate';
      raise exception 'undone' using errcode = 'IA099';
    exception
      when sqlstate 'IA099' then
        null;
      when others then
        get stacked diagnostics state = returned_sqlstate, said = message_text;
    end;
    return next;
  end loop;
end
$$`;

interface Ended {
  readonly touched: string | null;
  readonly state: string | null;
  readonly said: string | null;
}

/** Prepares an administrator's transaction for `byAdministrator`. */
export const readyAdministrator = (client: PgClient): Effect.Effect<void, SqlError> =>
  Effect.asVoid(client.unsafe(functionForAttempts));

/** Tries all, one after the other, for an administrator in a transaction. `login` is that of the application. */
export const byAdministrator = Effect.fnUntraced(function* (
  client: PgClient,
  login: string,
  attacks: ReadonlyArray<Attack>,
): Effect.fn.Return<ReadonlyArray<Outcome>, SqlError> {
  const attempts = attacks.map(({ actor, given = [], statement }) => ({
    ...settingsOf(actor, login),
    given,
    statement,
  }));
  const ends = yield* client<Ended>`
    select touched::text, state, said from pg_temp.iam_attempts(${JSON.stringify(attempts)}::text::jsonb)`;
  return ends.map(({ said, state, touched }) =>
    state === null ? { _tag: "Touched", rows: Number(touched) } : { _tag: "Failed", state, said: said ?? "" },
  );
});
