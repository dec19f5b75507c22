/**
 * Invitations of addresses into an organization: for its members, in the name of the current one; and for whoever has the
 * address. Each operation is one transaction, and its mail leaves when that is committed.
 */
import { SqlState } from "@beep/db-admin";
import {
  AccessControl,
  type Invitation as Entity,
  type Errors,
  Membership,
  type Page,
  Problems,
} from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { and, eq, gt, inArray, isNull, lte, or, type Placeholder, type SQL, sql } from "drizzle-orm";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { makeAccounts } from "../auth/directories/accounts.ts";
import { Mails } from "../auth/mails.ts";
import * as Outgoing from "../auth/Outgoing.ts";
import * as Pages from "../auth/pages.ts";
import { isPlaceholder } from "../auth/placeholders.ts";
import { settings } from "../auth/settings.ts";
import { hasRole } from "../auth/standing.ts";
import { IamDb } from "../db/IamDb.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import type { Outbox } from "../outbox/Outbox.ts";
import * as InOrganization from "./inOrganization.ts";
import * as Listing from "./Listing.ts";
import { demandOwnerFor, demandRoles } from "./roleRules.ts";
import { join } from "./teamMembership.ts";

type InvitationId = IamEntityIds.InvitationId;
type TeamId = SharedEntityIds.TeamId;
type CurrentMembership = Membership.CurrentMembership;

/** An invitation, as the organization sees it. */
export interface Invitation {
  readonly id: InvitationId;
  readonly organizationId: SharedEntityIds.OrganizationId;
  readonly email: string;
  readonly roles: ReadonlyArray<string>;
  readonly teamIds: ReadonlyArray<TeamId>;
  /** One that has expired stays `pending`. */
  readonly status: Entity.Status;
  readonly expiresAt: Date;
  readonly inviterId: SharedEntityIds.UserId;
  readonly createdAt: Date;
}

/** An invitation, as whoever is invited sees it. */
export interface Received extends Invitation {
  readonly organization: { readonly name: string; readonly slug: string };
  readonly inviter: { readonly name: string; readonly email: string };
}

/** What came of an invitation that was accepted. */
export interface Accepted {
  readonly invitation: Invitation;
  readonly memberId: IamEntityIds.MemberId;
}

/** The form of an address; whether somebody has it, the mail finds out. */
const ADDRESS = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+$/;

/** For how long an invitation stands; Better Auth's own. */
const LIFETIME = Duration.days(2);

const { invitation, member, organization, session, team, user } = IamDbSchema;

/** Invitations, as whom the current member or the invited user is let see and change them. */
export class Invitations extends Context.Service<
  Invitations,
  {
    /** A page of the organization's invitations, in every state: one statement. For who may invite. */
    readonly list: (
      page: Page.Request,
    ) => Effect.Effect<
      Page.Page<Invitation>,
      Problems.CursorInvalid | Problems.PermissionMissing | Errors.CommitUnknown,
      CurrentMembership
    >;
    /**
     * Invites an address, by mail. One that is invited already is refused, or with `resend` gets the mail once more and
     * more time. Needs `invitation: create`; owners are invited by owners, and only a user invites.
     */
    readonly create: (input: {
      readonly email: string;
      readonly roles: ReadonlyArray<string>;
      readonly teamIds?: ReadonlyArray<TeamId>;
      readonly resend?: boolean;
    }) => Effect.Effect<
      Invitation,
      Problems.EmailInvalid | Problems.NotFound | Problems.Conflict | InOrganization.Refused,
      CurrentMembership
    >;
    /** Ends an invitation that is pending. Needs `invitation: cancel`. */
    readonly cancel: (
      id: InvitationId,
    ) => Effect.Effect<Invitation, Problems.NotFound | InOrganization.Refused, CurrentMembership>;

    /** A page of the invitations that a user can accept: one statement. */
    readonly received: (
      user: Principal.User,
      page: Page.Request,
    ) => Effect.Effect<Page.Page<Received>, Problems.CursorInvalid | Problems.PermissionMissing | Errors.CommitUnknown>;
    /** Makes the user a member. What is another's, has expired or is not pending, is as if it did not exist. */
    readonly accept: (
      user: Principal.User,
      id: InvitationId,
    ) => Effect.Effect<
      Accepted,
      Problems.NotFound | Problems.Conflict | Problems.PermissionMissing | Errors.CommitUnknown
    >;
    /** Turns an invitation down. */
    readonly reject: (
      user: Principal.User,
      id: InvitationId,
    ) => Effect.Effect<Invitation, Problems.NotFound | Problems.PermissionMissing | Errors.CommitUnknown>;
  }
>()("@beep/iam-server/organizations/Invitations") {}

interface Row extends Omit<Invitation, "roles" | "teamIds"> {
  readonly role: string | null;
  readonly teamId: string | null;
}
/** Invitations of owners are for owners to see, as they are for owners to make; these are for whoever may invite. */
export const isForAdministrators = (table: typeof invitation): SQL =>
  sql`(${table.role} is null or not ${hasRole(AccessControl.ownerRole, table.role)})`;

/** An invitation of its row, where roles and teams are lists. */
export const fromRow = <R extends Row>({ role, teamId, ...row }: R) => ({
  ...row,
  roles: AccessControl.parseRoles(role ?? ""),
  teamIds: (teamId ?? "").split(",").filter(SharedEntityIds.TeamId.is),
});

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const client = yield* PgClient;
  const { changing, reading, service } = yield* InOrganization.make;
  const { appName, organizationInvitations, organizationMembers } = yield* settings;
  const pages = yield* Pages.settings;
  const texts = yield* Mails;
  const { mail } = yield* Outgoing.Outgoing;
  const accounts = makeAccounts(db);

  const columns = {
    id: invitation.id,
    organizationId: invitation.organizationId,
    email: invitation.email,
    role: invitation.role,
    teamId: invitation.teamId,
    status: invitation.status,
    expiresAt: invitation.expiresAt,
    inviterId: invitation.inviterId,
    createdAt: invitation.createdAt,
  };

  const notFound = Problems.NotFound.of("INVITATION_NOT_FOUND");
  const found = ([row]: ReadonlyArray<Row>): Effect.Effect<Invitation, Problems.NotFound> =>
    row === undefined ? Effect.fail(notFound) : Effect.succeed(fromRow(row));

  const now = Effect.map(DateTime.now, DateTime.toDate);
  const isPending = eq(invitation.status, "pending");

  const page = Listing.make({
    list: "invitations",
    Id: IamEntityIds.InvitationId,
    column: invitation.id,
    prepare: ({ behind, limit, order }) =>
      db
        .select(columns)
        .from(invitation)
        .where(and(behind, or(sql`${sql.placeholder("isOwner")}::boolean`, isForAdministrators(invitation))))
        .orderBy(order)
        .limit(limit)
        .prepare(),
  });

  const receivedColumns = {
    ...columns,
    organization: { name: organization.name, slug: organization.slug },
    inviter: { name: user.name, email: user.email },
  };

  /** Whether an invitation is the user's to answer: to an address that the user has confirmed, in time, and not suspended. */
  const isOf = (userId: SharedEntityIds.UserId | Placeholder, at: Date | Placeholder) =>
    and(
      isPending,
      gt(invitation.expiresAt, sql.param(at, invitation.expiresAt)),
      isNull(organization.suspendedAt),
      // Who invited may have been removed since, and what they would still bring in is not theirs to decide any more.
      sql`exists (select from ${member} inviting where inviting.organization_id = ${invitation.organizationId}
        and inviting.user_id = ${invitation.inviterId})`,
      sql`${invitation.email} = (select lower(addressee.email) from ${user} addressee
        where addressee.id = ${sql.param(userId, user.id)} and addressee.email_verified)`,
    );

  const receivedPage = Listing.make({
    list: "received invitations",
    Id: IamEntityIds.InvitationId,
    column: invitation.id,
    prepare: ({ behind, limit, order }) =>
      db
        .select(receivedColumns)
        .from(invitation)
        .innerJoin(organization, eq(organization.id, invitation.organizationId))
        .innerJoin(user, eq(user.id, invitation.inviterId))
        .where(and(isOf(sql.placeholder("user"), sql.placeholder("now")), behind))
        .orderBy(order)
        .limit(limit)
        .prepare(),
  });

  /** Announces an invitation once it is there. */
  const announce = Effect.fnUntraced(function* (invited: Invitation) {
    const [about] = yield* db
      .select({ organization: { name: organization.name }, inviter: { name: user.name, email: user.email } })
      .from(organization)
      .innerJoin(user, eq(user.id, invited.inviterId))
      .where(eq(organization.id, invited.organizationId));
    if (about === undefined) return yield* Membership.missing({ invitation: ["create"] });
    const url = pages.invitation.href.replace(":id", invited.id);
    yield* mail({ ...texts.invitation({ appName, url, email: invited.email, ...about }), to: invited.email });
  });

  const demandTeams = Effect.fnUntraced(function* (teamIds: ReadonlyArray<TeamId>) {
    if (teamIds.length === 0) return;
    const there = yield* db.$count(team, inArray(team.id, [...teamIds]));
    if (there < teamIds.length) return yield* Problems.NotFound.of("TEAM_NOT_FOUND");
  });

  /**
   * The invitation of a user, with its organization locked for as long as the transaction lasts: the organization first, as
   * whoever changes it does, and the invitation by a statement that begins when nobody else changes it any more.
   */
  const lockReceived = Effect.fnUntraced(function* (userId: SharedEntityIds.UserId, id: InvitationId) {
    const lock = Effect.fnUntraced(function* (table: typeof organization | typeof invitation) {
      return yield* db
        .select(columns)
        .from(invitation)
        .innerJoin(organization, eq(organization.id, invitation.organizationId))
        .where(and(eq(invitation.id, id), isOf(userId, yield* now)))
        .for("no key update", { of: table });
    });
    yield* lock(organization);
    return yield* found(yield* lock(invitation));
  });

  const settle = (id: InvitationId, status: Entity.Status) =>
    Effect.flatMap(
      db
        .update(invitation)
        .set({ status })
        .where(and(eq(invitation.id, id), isPending))
        .returning(columns),
      found,
    );

  return Invitations.of({
    list: Effect.fn("Invitations.list")((request) =>
      reading("invitation")((membership) =>
        Effect.gen(function* () {
          // An invitation's id is what it is accepted by: who may not invite is not shown any.
          yield* Membership.demand(membership, { invitation: ["create"] });
          const isOwner = Membership.isOwner(membership);
          const { items, next } = yield* page(membership.organizationId, request, { isOwner });
          return { items: items.map(fromRow), next };
        }),
      ),
    ),
    create: Effect.fn("Invitations.create")((input) =>
      changing({ invitation: ["create"] })((membership) =>
        Effect.gen(function* () {
          const { organizationId, principal } = membership;
          if (principal._tag !== "User") return yield* Membership.missing({ invitation: ["create"] });
          const email = input.email.toLowerCase();
          if (!ADDRESS.test(email) || isPlaceholder(email)) return yield* new Problems.EmailInvalid();
          const teamIds = [...new Set(input.teamIds ?? [])];
          const roles = yield* demandRoles(db, input.roles);
          yield* demandOwnerFor(membership, roles);
          yield* demandTeams(teamIds);
          const isMember = yield* db
            .select({ id: member.id })
            .from(member)
            .innerJoin(user, eq(user.id, member.userId))
            .where(eq(user.email, email))
            .limit(1);
          if (isMember.length > 0) return yield* Problems.Conflict.of("ALREADY_A_MEMBER");

          const instant = yield* DateTime.now;
          const at = DateTime.toDate(instant);
          const expiresAt = DateTime.toDate(DateTime.addDuration(instant, LIFETIME));
          // What has expired makes room for what comes.
          yield* db
            .update(invitation)
            .set({ status: "canceled" })
            .where(and(eq(invitation.email, email), isPending, lte(invitation.expiresAt, at)));
          const [pending] = yield* db
            .select(columns)
            .from(invitation)
            .where(and(eq(invitation.email, email), isPending));
          if (pending !== undefined) {
            if (input.resend !== true) return yield* Problems.Conflict.of("ALREADY_INVITED");
            yield* demandOwnerFor(membership, AccessControl.parseRoles(pending.role ?? ""));
            yield* db.update(invitation).set({ expiresAt }).where(eq(invitation.id, pending.id));
            const prolonged = { ...fromRow(pending), expiresAt };
            yield* announce({ ...prolonged, inviterId: principal.userId });
            return prolonged;
          }
          const waiting = yield* db.$count(invitation, and(isPending, gt(invitation.expiresAt, at)));
          if (waiting >= organizationInvitations) return yield* Problems.Conflict.of("INVITATION_LIMIT_REACHED");
          const made = yield* db
            .insert(invitation)
            .values({
              id: IamEntityIds.InvitationId.create(),
              organizationId,
              email,
              role: AccessControl.formatRoles(roles),
              teamId: teamIds.length === 0 ? null : teamIds.join(","),
              expiresAt,
              inviterId: principal.userId,
            })
            .returning(columns)
            .pipe(Effect.flatMap(InOrganization.oneRow), Effect.map(fromRow));
          yield* announce(made);
          return made;
        }),
      ),
    ),
    cancel: Effect.fn("Invitations.cancel")((id) => changing({ invitation: ["cancel"] })(() => settle(id, "canceled"))),
    received: Effect.fn("Invitations.received")(function* (invited, request) {
      yield* Membership.demandCredential(invited, { invitation: ["read"] });
      const { userId } = invited;
      const { items, next } = yield* service(receivedPage(userId, request, { user: userId, now: yield* now }));
      return { items: items.map(fromRow), next };
    }, InOrganization.unexpected),
    accept: Effect.fn("Invitations.accept")(
      (invited, id) =>
        service(
          Effect.gen(function* () {
            const { credential, userId } = invited;
            yield* Membership.demandCredential(invited, { invitation: ["accept"] });
            const { organizationId, roles, teamIds } = yield* lockReceived(userId, id);
            const isThere = eq(member.organizationId, organizationId);
            if ((yield* db.$count(member, isThere)) >= organizationMembers) {
              return yield* Problems.Conflict.of("MEMBER_LIMIT_REACHED");
            }
            const memberId = IamEntityIds.MemberId.create();
            yield* db
              .insert(member)
              .values({ id: memberId, organizationId, userId, role: AccessControl.formatRoles(roles) })
              .pipe(InOrganization.refusedBy(SqlState.uniqueViolation, Problems.Conflict.of("ALREADY_A_MEMBER")));
            const teams = yield* join(client, organizationId, teamIds, userId);
            yield* accounts.release(userId, organizationId);
            if (credential._tag === "Session") {
              yield* db
                .update(session)
                .set({ activeOrganizationId: organizationId, activeTeamId: teams.length === 1 ? teams[0] : null })
                .where(eq(session.id, credential.sessionId));
            }
            return { invitation: yield* settle(id, "accepted"), memberId };
          }),
        ).pipe(Principal.acting(invited)),
      InOrganization.unexpected,
    ),
    reject: Effect.fn("Invitations.reject")(
      (invited, id) =>
        Effect.andThen(
          Membership.demandCredential(invited, { invitation: ["reject"] }),
          service(Effect.andThen(lockReceived(invited.userId, id), settle(id, "rejected"))),
        ).pipe(Principal.acting(invited)),
      InOrganization.unexpected,
    ),
  });
});

/** On the connection that a database layer opened, and with an outbox for its mail. */
export const layer: Layer.Layer<Invitations, ConfigError, IamDb | PgClient | ServiceConnection | Outbox> = Layer.effect(
  Invitations,
  make,
).pipe(Layer.provide(Outgoing.layer));
