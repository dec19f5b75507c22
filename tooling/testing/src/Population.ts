/**
 * As many users and organizations as a large installation has: what a plan, or a ratio, is worth shows only among many
 * rows. Written by whole tables, in a few seconds.
 */
import { createHash, createHmac } from "node:crypto";
import { Digest, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";

/** How many of each. */
export interface Sizes {
  readonly organizations: number;
  /** Each is a member of one organization. */
  readonly users: number;
  /** Of the one big organization; the others share the other users. */
  readonly members: number;
  /** Of the big organization, whose members are spread over them; the others have one each. */
  readonly teams: number;
  /** Into the big organization, and one into each of the others; one in ten is pending. */
  readonly invitations: number;
}

const large: Sizes = { organizations: 1_000, users: 100_000, members: 10_000, teams: 20, invitations: 1_000 };

/** Who and what to ask for among the rows: all of the big organization. */
export interface Population {
  readonly sizes: Sizes;
  readonly organizationId: SharedEntityIds.OrganizationId;
  readonly owner: { readonly userId: SharedEntityIds.UserId; readonly memberId: IamEntityIds.MemberId };
  readonly teamId: SharedEntityIds.TeamId;
  /** All its members, by their keys' order. */
  readonly members: ReadonlyArray<{
    readonly id: IamEntityIds.MemberId;
    readonly userId: SharedEntityIds.UserId;
  }>;
  /** The token of a live session of the owner. */
  readonly sessionToken: string;
}

/** The uuid of the n-th row of a table. */
export const uuidOf = (row: number): string => `00000000-0000-7000-8000-${row.toString(16).padStart(12, "0")}`;

/** The same as an expression of SQL over such a number. */
export const sqlUuid = (row: string): string => `('00000000-0000-7000-8000-' || lpad(to_hex(${row}), 12, '0'))::uuid`;

/** The cookie by which Better Auth knows a session, as the secret signs it. */
export const cookieOf = (token: string, secret: string): string => {
  const signature = createHmac("sha256", secret).update(token).digest("base64");
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
};

/**
 * Fills a migrated database that holds none of this yet, and analyzes it.
 *
 * As ids are made in the order of time, and people join all organizations all the time, the rows of an organization are
 * in the order of its keys, with those of others between them.
 *
 * @param admin the superuser, whom no policy binds
 */
export const make = Effect.fn("Population.make")(function* (
  admin: PgClient,
  options: Partial<Sizes> = {},
): Effect.fn.Return<Population, SqlError> {
  const sizes = { ...large, ...options };
  const { invitations, members, organizations, teams, users } = sizes;
  if (members < 1 || users - members < organizations - 1) {
    return yield* Effect.die(new Error("There are too few users for every organization to have a member."));
  }
  const id = sqlUuid("n");
  const memberIds = yield* admin.withTransaction(
    Effect.gen(function* () {
      // The foreign keys hold by how the rows are made. To check them row by row would take most of the time.
      yield* admin`set local session_replication_role = replica`;
      // Nor would an event of each row, of triggers that always fire, make anything truer that is asked of these tables.
      for (const table of tables) yield* admin.unsafe(`alter table ${table} disable trigger iam_record`);
      yield* admin.unsafe(`
        insert into iam_organizations (id, name, slug)
        select ${id}, 'Organization ' || n, 'organization-' || n from generate_series(1, ${organizations}) n`);
      yield* admin.unsafe(`
        insert into iam_users (id, name, email, email_verified)
        select ${id}, 'User ' || n, 'user' || n || '@example.com', true from generate_series(1, ${users}) n`);
      // The users of the big organization are spread evenly among the others, who are dealt out in turn.
      yield* admin.unsafe(`
        insert into iam_members (id, organization_id, user_id, role)
        select ${id}, ${sqlUuid("organization")}, ${id},
          case row_number() over (partition by organization order by n) when 1 then 'owner' when 2 then 'admin'
            else 'member' end
        from (
          select n, case
            when is_big or ${organizations} = 1 then 1
            else 2 + (row_number() over (partition by is_big order by n) - 1) % greatest(${organizations} - 1, 1)
          end as organization
          from (
            select n, n::bigint * ${members} / ${users} > (n - 1)::bigint * ${members} / ${users} as is_big
            from generate_series(1, ${users}) n
          ) who
        ) placed
        order by n`);
      // The teams of the big organization are numbered before those of the others, of which each has one.
      yield* admin.unsafe(`
        insert into iam_teams (id, organization_id, name)
        select ${id}, ${sqlUuid(`greatest(n - ${teams} + 1, 1)`)}, 'Team ' || n
        from generate_series(1, ${teams + organizations - 1}) n`);
      yield* admin.unsafe(`
        insert into iam_team_members (id, organization_id, team_id, user_id)
        select member.id, member.organization_id, team.id, member.user_id
        from (
          select *, row_number() over (partition by organization_id order by id) as place from iam_members
        ) member
        join (
          select *, row_number() over (partition by organization_id order by id) as place,
            count(*) over (partition by organization_id) as count
          from iam_teams
        ) team on team.organization_id = member.organization_id and team.place = 1 + member.place % team.count
        order by member.id`);
      yield* admin.unsafe(`
        update iam_teams set member_count = counted.count
        from (select team_id, count(*) from iam_team_members group by team_id) counted where team_id = id`);
      yield* admin.unsafe(`
        insert into iam_invitations (id, organization_id, email, role, status, expires_at, inviter_id)
        select ${id}, owner.organization_id, 'invited' || n || '@example.com', 'member',
          case n % 10 when 0 then 'pending' when 1 then 'canceled' when 2 then 'rejected' else 'accepted' end,
          now() + interval '2 days', owner.user_id
        from generate_series(1, ${invitations + organizations - 1}) n
        join iam_members owner
          on owner.organization_id = ${sqlUuid(`greatest(n - ${invitations} + 1, 1)`)} and owner.role = 'owner'`);
      yield* admin`
        insert into iam_sessions (id, user_id, token, expires_at, active_organization_id)
        select ${uuidOf(1)}, user_id, ${digestOf(TOKEN)}, now() + interval '7 days', organization_id
        from iam_members where organization_id = ${uuidOf(1)} and role = 'owner'`;
      for (const table of tables) yield* admin.unsafe(`alter table ${table} enable always trigger iam_record`);
      return yield* admin<{ id: string; user_id: string }>`
        select id, user_id from iam_members where organization_id = ${uuidOf(1)} order by id`;
    }),
  );
  yield* admin.unsafe(`vacuum analyze ${tables.join()}`);
  const all = memberIds.map((row) => ({
    id: IamEntityIds.MemberId.fromUuid(row.id),
    userId: SharedEntityIds.UserId.fromUuid(row.user_id),
  }));
  const [owner] = all;
  if (owner === undefined) return yield* Effect.die(new Error("The big organization has no member."));
  return {
    sizes,
    organizationId: SharedEntityIds.OrganizationId.fromUuid(uuidOf(1)),
    owner: { userId: owner.userId, memberId: owner.id },
    teamId: SharedEntityIds.TeamId.fromUuid(uuidOf(1)),
    members: all,
    sessionToken: TOKEN,
  };
});

const tables = [
  "iam_organizations",
  "iam_users",
  "iam_members",
  "iam_teams",
  "iam_team_members",
  "iam_invitations",
  "iam_sessions",
];

/** As the database keeps the tokens of sessions. */
export const digestOf = (token: string): string => Digest.make(createHash("sha256").update(token).digest("base64url"));

const TOKEN = "a-token-of-32-characters-or-more";
