/**
 * The teams of an organization, and who is in them. Each operation runs in the name of the current member, and is one
 * transaction.
 */
import { type Errors, Membership, type Page, Problems } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { and, eq, ne, sql } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { IamDb } from "../db/IamDb.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import * as InOrganization from "./inOrganization.ts";
import * as Listing from "./Listing.ts";
import * as MemberUser from "./memberUser.ts";
import { join, leave } from "./teamMembership.ts";

type TeamId = SharedEntityIds.TeamId;
type UserId = SharedEntityIds.UserId;
type CurrentMembership = Membership.CurrentMembership;

/** A team. */
export interface Team {
  readonly id: TeamId;
  readonly organizationId: SharedEntityIds.OrganizationId;
  readonly name: string;
  readonly memberCount: number;
  readonly createdAt: Date;
}

/** A member of a team, and as much of the user as other members see. */
export interface TeamMember {
  readonly id: IamEntityIds.TeamMemberId;
  readonly teamId: TeamId;
  readonly userId: UserId;
  readonly createdAt: Date;
  readonly user: MemberUser.MemberUser;
}

const { member, team, teamMember, user } = IamDbSchema;

type ReadError = Problems.PermissionMissing | Errors.CommitUnknown;

/** Teams, as whom the current member is let see and change them. */
export class Teams extends Context.Service<
  Teams,
  {
    /** A page of the teams: one statement. */
    readonly list: (
      page: Page.Request,
    ) => Effect.Effect<Page.Page<Team>, Problems.CursorInvalid | ReadError, CurrentMembership>;
    /** Needs `team: create`. */
    readonly create: (input: {
      readonly name: string;
    }) => Effect.Effect<Team, InOrganization.Refused, CurrentMembership>;
    /** Needs `team: update`. */
    readonly update: (
      id: TeamId,
      change: { readonly name: string },
    ) => Effect.Effect<Team, Problems.NotFound | InOrganization.Refused, CurrentMembership>;
    /** Ends a team, and takes it out of pending invitations; an organization keeps one. Needs `team: delete`. */
    readonly remove: (
      id: TeamId,
    ) => Effect.Effect<Team, Problems.NotFound | Problems.Conflict | InOrganization.Refused, CurrentMembership>;
    /** A page of the members of a team, for these and for who may change members. */
    readonly members: (
      id: TeamId,
      page: Page.Request,
    ) => Effect.Effect<
      Page.Page<TeamMember>,
      Problems.NotFound | Problems.CursorInvalid | ReadError,
      CurrentMembership
    >;
    /** Adds a member of the organization to a team; whoever is in it stays. Needs `member: update`. */
    readonly addMember: (
      id: TeamId,
      userId: UserId,
    ) => Effect.Effect<TeamMember, Problems.NotFound | InOrganization.Refused, CurrentMembership>;
    /** Takes a member out of a team. Needs `member: delete`. */
    readonly removeMember: (
      id: TeamId,
      userId: UserId,
    ) => Effect.Effect<void, Problems.NotFound | InOrganization.Refused, CurrentMembership>;
  }
>()("@beep/iam-server/organizations/Teams") {}

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const client = yield* PgClient;
  const { changing, reading } = yield* InOrganization.make;

  const columns = {
    id: team.id,
    organizationId: team.organizationId,
    name: team.name,
    memberCount: team.memberCount,
    createdAt: team.createdAt,
  };

  const page = Listing.make({
    list: "teams",
    Id: SharedEntityIds.TeamId,
    column: team.id,
    prepare: ({ behind, limit, order }) =>
      db.select(columns).from(team).where(behind).orderBy(order).limit(limit).prepare(),
  });

  const selectMembers = () =>
    db
      .select({
        id: teamMember.id,
        teamId: teamMember.teamId,
        userId: teamMember.userId,
        createdAt: teamMember.createdAt,
        user: MemberUser.columns,
      })
      .from(teamMember)
      .innerJoin(user, eq(user.id, teamMember.userId));

  type Seat = Effect.Success<ReturnType<typeof selectMembers>>[number];
  const toMember = ({ user, ...seat }: Seat): TeamMember => ({ ...seat, user: { id: seat.userId, ...user } });

  const memberPage = Listing.make({
    list: "team members",
    Id: IamEntityIds.TeamMemberId,
    column: teamMember.id,
    prepare: ({ behind, limit, order }) =>
      selectMembers()
        .where(and(eq(teamMember.teamId, sql.param(sql.placeholder("team"), teamMember.teamId)), behind))
        .orderBy(order)
        .limit(limit)
        .prepare(),
  });

  const notFound = Problems.NotFound.of("TEAM_NOT_FOUND");

  const demandTeam = Effect.fnUntraced(function* (id: TeamId) {
    if ((yield* db.$count(team, eq(team.id, id))) === 0) return yield* notFound;
  });

  const demandSeat = Effect.fnUntraced(function* (membership: Membership.Membership, id: TeamId) {
    const { principal } = membership;
    if (principal._tag !== "User" || Membership.may(membership, { member: ["update"] })) return yield* demandTeam(id);
    const seats = yield* db.$count(teamMember, and(eq(teamMember.teamId, id), eq(teamMember.userId, principal.userId)));
    // Who is not in it learns of a team no more than that it is there, which every member sees.
    if (seats === 0) {
      yield* demandTeam(id);
      return yield* Membership.missing({ member: ["update"] });
    }
  });

  return Teams.of({
    list: Effect.fn("Teams.list")((request) => reading("team")(({ organizationId }) => page(organizationId, request))),
    create: Effect.fn("Teams.create")(({ name }) =>
      changing({ team: ["create"] })(() =>
        db
          .insert(team)
          .values({ id: SharedEntityIds.TeamId.create(), name })
          .returning(columns)
          .pipe(Effect.flatMap(InOrganization.oneRow)),
      ),
    ),
    update: Effect.fn("Teams.update")((id, { name }) =>
      changing({ team: ["update"] })(() =>
        db
          .update(team)
          .set({ name })
          .where(eq(team.id, id))
          .returning(columns)
          .pipe(
            Effect.flatMap(([changed]) => (changed === undefined ? Effect.fail(notFound) : Effect.succeed(changed))),
          ),
      ),
    ),
    remove: Effect.fn("Teams.remove")((id) =>
      changing({ team: ["delete"] })(() =>
        Effect.gen(function* () {
          yield* demandTeam(id);
          // The organization is locked, so that nobody else removes another meanwhile.
          if ((yield* db.$count(team, ne(team.id, id))) === 0) return yield* Problems.Conflict.of("LAST_TEAM");
          const removed = yield* db.delete(team).where(eq(team.id, id)).returning(columns);
          yield* client`
            update iam_invitations
            set team_id = nullif(array_to_string(array_remove(string_to_array(team_id, ','), ${id}::text), ','), '')
            where status = 'pending' and ${id}::text = any (string_to_array(team_id, ','))`;
          return yield* InOrganization.oneRow(removed);
        }),
      ),
    ),
    members: Effect.fn("Teams.members")((id, request) =>
      reading("team")((membership) =>
        Effect.gen(function* () {
          yield* demandSeat(membership, id);
          const { items, next } = yield* memberPage(id, request, { team: id });
          return { items: items.map(toMember), next };
        }),
      ),
    ),
    addMember: Effect.fn("Teams.addMember")((id, userId) =>
      changing({ member: ["update"] })(({ organizationId }) =>
        Effect.gen(function* () {
          yield* demandTeam(id);
          if ((yield* db.$count(member, eq(member.userId, userId))) === 0) {
            return yield* Problems.NotFound.of("MEMBER_NOT_FOUND");
          }
          yield* join(client, organizationId, [id], userId);
          const seats = yield* selectMembers().where(and(eq(teamMember.teamId, id), eq(teamMember.userId, userId)));
          return toMember(yield* InOrganization.oneRow(seats));
        }),
      ),
    ),
    removeMember: Effect.fn("Teams.removeMember")((id, userId) =>
      changing({ member: ["delete"] })(() =>
        Effect.gen(function* () {
          yield* demandTeam(id);
          const left = yield* leave(client, userId, id);
          if (left.length === 0) return yield* Problems.NotFound.of("MEMBER_NOT_FOUND");
        }),
      ),
    ),
  });
});

/** On the connection that a database layer opened. */
export const layer: Layer.Layer<Teams, never, IamDb | PgClient | ServiceConnection> = Layer.effect(Teams, make);
