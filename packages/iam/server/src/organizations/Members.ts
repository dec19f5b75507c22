/**
 * The members of an organization. Each operation runs in the name of the current member (`Tenancy.as`, or the middleware
 * `TenantRequired`), and is one transaction.
 */
import { SqlState } from "@beep/db-admin";
import { AccessControl, type Errors, Membership, type Page, Problems } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, type SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { and, eq, ne } from "drizzle-orm";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { makeAccounts } from "../auth/directories/accounts.ts";
import { settings } from "../auth/settings.ts";
import { isOwner } from "../auth/standing.ts";
import { IamDb } from "../db/IamDb.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import * as InOrganization from "./inOrganization.ts";
import * as Listing from "./Listing.ts";
import * as MemberUser from "./memberUser.ts";
import { demandOwnerFor, demandRoles } from "./roleRules.ts";
import { leave } from "./teamMembership.ts";

type MemberId = IamEntityIds.MemberId;
type UserId = SharedEntityIds.UserId;
type OrganizationId = SharedEntityIds.OrganizationId;
type CurrentMembership = Membership.CurrentMembership;

/** A member, and as much of the user as other members see. */
export interface Member {
  readonly id: MemberId;
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly roles: ReadonlyArray<string>;
  readonly createdAt: Date;
  readonly user: MemberUser.MemberUser;
}

const { invitation, member, session, user } = IamDbSchema;

/** Members, as whom the current member is let see and change them. */
export class Members extends Context.Service<
  Members,
  {
    /** A page of the members: one statement. */
    readonly list: (
      page: Page.Request,
    ) => Effect.Effect<
      Page.Page<Member>,
      Problems.CursorInvalid | Problems.PermissionMissing | Errors.CommitUnknown,
      CurrentMembership
    >;
    readonly get: (
      id: MemberId,
    ) => Effect.Effect<
      Member,
      Problems.NotFound | Problems.PermissionMissing | Errors.CommitUnknown,
      CurrentMembership
    >;
    /**
     * Makes a user a member, who is not asked: for a service's own code. Users are invited (`Invitations.create`).
     * Needs `member: create`.
     */
    readonly add: (input: {
      readonly userId: UserId;
      readonly roles: ReadonlyArray<string>;
    }) => Effect.Effect<Member, Problems.NotFound | Problems.Conflict | InOrganization.Refused, CurrentMembership>;
    /** Gives a member these roles in the place of those it has. Needs `member: update`; of owners only owners decide. */
    readonly setRoles: (
      id: MemberId,
      roles: ReadonlyArray<string>,
    ) => Effect.Effect<Member, Problems.NotFound | Problems.Conflict | InOrganization.Refused, CurrentMembership>;
    /** Ends a membership, in the teams too. Needs `member: delete`; owners are removed by owners. */
    readonly remove: (
      id: MemberId,
    ) => Effect.Effect<Member, Problems.NotFound | Problems.Conflict | InOrganization.Refused, CurrentMembership>;
    /** Ends the current member's own membership. */
    readonly leave: Effect.Effect<
      Member,
      Problems.NotFound | Problems.Conflict | InOrganization.Refused,
      CurrentMembership
    >;
  }
>()("@beep/iam-server/organizations/Members") {}

type Db = IamDb["Service"]["db"];

const selectMembers = (db: Db) =>
  db
    .select({
      id: member.id,
      userId: member.userId,
      role: member.role,
      createdAt: member.createdAt,
      user: MemberUser.columns,
    })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId));

type Row = Effect.Success<ReturnType<typeof selectMembers>>[number];
const of =
  (organizationId: OrganizationId) =>
  ({ role, user, ...row }: Row): Member => ({
    ...row,
    organizationId,
    roles: AccessControl.parseRoles(role),
    user: { id: row.userId, ...user },
  });

/** The pages of an organization's members, in whose scope it is run. */
export const makeMemberPage = (db: Db) => {
  const page = Listing.make({
    list: "members",
    Id: IamEntityIds.MemberId,
    column: member.id,
    prepare: ({ behind, limit, order }) => selectMembers(db).where(behind).orderBy(order).limit(limit).prepare(),
  });
  return (organizationId: OrganizationId, request: Page.Request) =>
    Effect.map(page(organizationId, request), ({ items, next }) => ({ items: items.map(of(organizationId)), next }));
};

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const client = yield* PgClient;
  const { changing, reading, service } = yield* InOrganization.make;
  const { organizationMembers } = yield* settings;
  const accounts = makeAccounts(db);

  const page = makeMemberPage(db);

  const find = Effect.fnUntraced(function* ({ organizationId }: Membership.Membership, id: MemberId) {
    const [found] = yield* selectMembers(db).where(eq(member.id, id));
    return found === undefined ? yield* Problems.NotFound.of("MEMBER_NOT_FOUND") : of(organizationId)(found);
  });

  /** The organization is locked, so that nobody else leaves or is changed meanwhile. */
  const demandAnotherOwner = Effect.fnUntraced(function* (id: MemberId) {
    const [other] = yield* db
      .select({ id: member.id })
      .from(member)
      .where(and(isOwner, ne(member.id, id)))
      .limit(1);
    if (other === undefined) return yield* Problems.Conflict.of("LAST_OWNER");
  });

  const end = Effect.fnUntraced(function* ({ id, organizationId, roles, userId }: Member) {
    if (roles.includes(AccessControl.ownerRole)) yield* demandAnotherOwner(id);
    yield* leave(client, userId, null);
    yield* db
      .update(invitation)
      .set({ status: "canceled" })
      .where(and(eq(invitation.inviterId, userId), eq(invitation.status, "pending")));
    yield* db.delete(member).where(eq(member.id, id));
    yield* service(
      db
        .update(session)
        .set({ activeOrganizationId: null, activeTeamId: null })
        .where(and(eq(session.userId, userId), eq(session.activeOrganizationId, organizationId))),
    );
  });

  return Members.of({
    list: Effect.fn("Members.list")((request) =>
      reading("member")(({ organizationId }) => page(organizationId, request)),
    ),
    get: Effect.fn("Members.get")((id) => reading("member")((membership) => find(membership, id))),
    add: Effect.fn("Members.add")(({ roles: asked, userId }) =>
      changing({ member: ["create"] })((membership) =>
        Effect.gen(function* () {
          const roles = yield* demandRoles(db, asked);
          yield* demandOwnerFor(membership, roles);
          if ((yield* db.$count(member)) >= organizationMembers) {
            return yield* Problems.Conflict.of("MEMBER_LIMIT_REACHED");
          }
          const id = IamEntityIds.MemberId.create();
          yield* db
            .insert(member)
            .values({ id, userId, role: AccessControl.formatRoles(roles) })
            .pipe(
              InOrganization.refusedBy(SqlState.uniqueViolation, Problems.Conflict.of("ALREADY_A_MEMBER")),
              InOrganization.refusedBy(SqlState.foreignKeyViolation, Problems.NotFound.of("USER_NOT_FOUND")),
            );
          yield* service(accounts.release(userId, membership.organizationId));
          return yield* find(membership, id);
        }),
      ),
    ),
    setRoles: Effect.fn("Members.setRoles")((id, asked) =>
      changing({ member: ["update"] })((membership) =>
        Effect.gen(function* () {
          const roles = yield* demandRoles(db, asked);
          const found = yield* find(membership, id);
          yield* demandOwnerFor(membership, roles, found.roles);
          const isOwner = found.roles.includes(AccessControl.ownerRole);
          if (isOwner && !roles.includes(AccessControl.ownerRole)) yield* demandAnotherOwner(id);
          yield* db
            .update(member)
            .set({ role: AccessControl.formatRoles(roles) })
            .where(eq(member.id, id));
          return { ...found, roles };
        }),
      ),
    ),
    remove: Effect.fn("Members.remove")((id) =>
      changing({ member: ["delete"] })((membership) =>
        Effect.gen(function* () {
          const found = yield* find(membership, id);
          yield* demandOwnerFor(membership, found.roles);
          yield* end(found);
          return found;
        }),
      ),
    ),
    leave: changing({})((membership) =>
      Effect.gen(function* () {
        const { memberId } = membership;
        yield* Membership.demandCredential(membership.principal, { member: ["delete"] });
        if (memberId === null) return yield* Problems.NotFound.of("MEMBER_NOT_FOUND");
        const found = yield* find(membership, memberId);
        yield* end(found);
        return found;
      }),
    ).pipe(Effect.withSpan("Members.leave")),
  });
});

/** On the connection that a database layer opened. */
export const layer: Layer.Layer<Members, ConfigError, IamDb | PgClient | ServiceConnection> = Layer.effect(
  Members,
  make,
);
