/**
 * Organizations themselves: making one, the organizations of a user, and one in the name of its current member. Each
 * operation is one transaction.
 */
import { SqlState } from "@beep/db-admin";
import { AccessControl, type Errors, Membership, Page, Problems } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import { and, eq, isNull, sql } from "drizzle-orm";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { makeAccounts } from "../auth/directories/accounts.ts";
import { IamDb } from "../db/IamDb.ts";
import type { ServiceConnection } from "../db/ServiceConnection.ts";
import * as Invitations from "./Invitations.ts";
import * as InOrganization from "./inOrganization.ts";
import * as Listing from "./Listing.ts";
import { type Member, makeMemberPage } from "./Members.ts";
import type { Team } from "./Teams.ts";
import { membershipKey } from "./teamMembership.ts";

type OrganizationId = SharedEntityIds.OrganizationId;
type CurrentMembership = Membership.CurrentMembership;

/** An organization. */
export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly slug: string;
  readonly logo: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly createdAt: Date;
}

/** An organization with the first page of what is in it. */
export interface Full extends Organization {
  readonly members: Page.Page<Member>;
  readonly teams: Page.Page<Team>;
  /** Nothing for who may not invite. */
  readonly invitations: Page.Page<Invitations.Invitation>;
}

const { apiKey, member, organization, session } = IamDbSchema;

/** Organizations, as whom a user or the current member is let see and change them. */
export class Organizations extends Context.Service<
  Organizations,
  {
    /**
     * Makes an organization that the user owns, with a team of its name; in the user's session, if there is one, it is the
     * active one then.
     */
    readonly create: (
      user: Principal.User,
      input: {
        readonly name: string;
        readonly slug: string;
        readonly logo?: string | null;
        readonly metadata?: Readonly<Record<string, unknown>> | null;
      },
    ) => Effect.Effect<Organization, Problems.Conflict | Problems.PermissionMissing | Errors.CommitUnknown>;
    /** A page of the organizations that the user is in: one statement. */
    readonly ofUser: (
      user: Principal.User,
      page: Page.Request,
    ) => Effect.Effect<
      Page.Page<Organization>,
      Problems.CursorInvalid | Problems.PermissionMissing | Errors.CommitUnknown
    >;
    /** The current organization. */
    readonly get: Effect.Effect<Organization, Problems.PermissionMissing | Errors.CommitUnknown, CurrentMembership>;
    /** The current organization with what is in it: two statements. */
    readonly full: Effect.Effect<Full, Problems.PermissionMissing | Errors.CommitUnknown, CurrentMembership>;
    /** Needs `organization: update`. */
    readonly update: (change: {
      readonly name?: string;
      readonly slug?: string;
      readonly logo?: string | null;
      readonly metadata?: Readonly<Record<string, unknown>> | null;
    }) => Effect.Effect<Organization, Problems.Conflict | InOrganization.Refused, CurrentMembership>;
    /** Ends the organization, with all that belongs to it and with its API keys. Needs `organization: delete`. */
    readonly remove: Effect.Effect<Organization, InOrganization.Refused, CurrentMembership>;

    /**
     * Shuts an organization to everybody in it, its keys included, until it is resumed. Nothing is deleted. For trusted
     * code: it asks nobody who they are.
     */
    readonly suspend: (id: OrganizationId) => Effect.Effect<void, Problems.TenantNotFound | Errors.CommitUnknown>;
    /** Opens a suspended organization again; likewise. */
    readonly resume: (id: OrganizationId) => Effect.Effect<void, Problems.TenantNotFound | Errors.CommitUnknown>;
  }
>()("@beep/iam-server/organizations/Organizations") {}

const Metadata = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown));
const encodeMetadata = Schema.encodeSync(Metadata);
const decodeMetadata = Schema.decodeOption(Metadata);

const columns = {
  id: organization.id,
  name: organization.name,
  slug: organization.slug,
  logo: organization.logo,
  metadata: organization.metadata,
  createdAt: organization.createdAt,
};

type Row = Omit<Organization, "metadata"> & { readonly metadata: string | null };

/** Metadata that somebody wrote otherwise than as an object are none. */
const fromRow = ({ metadata, ...row }: Row): Organization => ({
  ...row,
  metadata: Option.getOrNull(Option.flatMap(Option.fromNullOr(metadata), decodeMetadata)),
});

const toText = (metadata: Readonly<Record<string, unknown>> | null): string | null =>
  metadata === null ? null : encodeMetadata(metadata);

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const client = yield* PgClient;
  const { changing, reading, service } = yield* InOrganization.make;
  const accounts = makeAccounts(db);
  const members = makeMemberPage(db);

  const page = Listing.make({
    list: "organizations",
    Id: SharedEntityIds.OrganizationId,
    column: organization.id,
    prepare: ({ behind, limit, order }) =>
      db
        .select(columns)
        .from(organization)
        .innerJoin(member, eq(member.organizationId, organization.id))
        .where(
          and(
            eq(member.userId, sql.param(sql.placeholder("user"), member.userId)),
            isNull(organization.suspendedAt),
            behind,
          ),
        )
        .orderBy(order)
        .limit(limit)
        .prepare(),
  });

  const isTaken = InOrganization.refusedBy(SqlState.uniqueViolation, Problems.Conflict.of("SLUG_TAKEN"));

  /** The organization, its owner, its team and the owner's seat there, in one statement. */
  const insert = Effect.fnUntraced(function* (
    id: OrganizationId,
    userId: SharedEntityIds.UserId,
    teamId: SharedEntityIds.TeamId,
    input: {
      readonly name: string;
      readonly slug: string;
      readonly logo: string | null;
      readonly metadata: string | null;
    },
  ) {
    const user = SharedEntityIds.UserId.toUuid(userId);
    const rows = yield* client<{ readonly created_at: Date }>`
      with made as (
        insert into iam_organizations (id, name, slug, logo, metadata)
        values (
          ${SharedEntityIds.OrganizationId.toUuid(id)}, ${input.name}, ${input.slug}, ${input.logo}, ${input.metadata}
        )
        returning id, name, created_at
      ), owner as (
        insert into iam_members (id, organization_id, user_id, role)
        select ${IamEntityIds.MemberId.toUuid(IamEntityIds.MemberId.create())}::uuid, id, ${user}::uuid,
          ${AccessControl.ownerRole}
        from made
      ), team as (
        insert into iam_teams (id, organization_id, name, member_count)
        select ${SharedEntityIds.TeamId.toUuid(teamId)}::uuid, id, name, 1 from made
        returning id, organization_id
      ), seat as (
        insert into iam_team_members (id, organization_id, team_id, user_id, membership_key)
        select ${IamEntityIds.TeamMemberId.toUuid(IamEntityIds.TeamMemberId.create())}::uuid, organization_id, id,
          ${user}::uuid, ${membershipKey(teamId, userId)}
        from team
      )
      select created_at from made`;
    return yield* InOrganization.oneRow(rows);
  });

  const setSuspended = Effect.fnUntraced(function* (id: OrganizationId, suspendedAt: Date | null) {
    const changed = yield* db
      .update(organization)
      .set({ suspendedAt })
      .where(eq(organization.id, id))
      .returning({ id: organization.id });
    if (changed.length === 0) return yield* new Problems.TenantNotFound();
  });

  return Organizations.of({
    create: Effect.fn("Organizations.create")(
      (user, { logo = null, metadata = null, name, slug }) =>
        service(
          Effect.gen(function* () {
            const { credential, userId } = user;
            yield* Membership.demandCredential(user, { organization: ["create"] });
            const id = SharedEntityIds.OrganizationId.create();
            const teamId = SharedEntityIds.TeamId.create();
            const made = yield* isTaken(insert(id, userId, teamId, { name, slug, logo, metadata: toText(metadata) }));
            yield* accounts.release(userId, id);
            if (credential._tag === "Session") {
              yield* db
                .update(session)
                .set({ activeOrganizationId: id, activeTeamId: teamId })
                .where(eq(session.id, credential.sessionId));
            }
            return { id, name, slug, logo, metadata, createdAt: made.created_at };
          }),
        ).pipe(Principal.acting(user)),
      InOrganization.unexpected,
    ),
    ofUser: Effect.fn("Organizations.ofUser")(
      (user, request) =>
        Effect.gen(function* () {
          yield* Membership.demandCredential(user, { organization: ["read"] });
          const { items, next } = yield* service(page(user.userId, request, { user: user.userId }));
          return { items: items.map(fromRow), next };
        }),
      InOrganization.unexpected,
    ),
    get: reading("organization")(() => db.select(columns).from(organization)).pipe(
      Effect.flatMap(InOrganization.oneRow),
      Effect.map(fromRow),
      Effect.withSpan("Organizations.get"),
    ),
    full: reading("organization")((membership) =>
      Effect.gen(function* () {
        const { organizationId } = membership;
        for (const resource of ["member", "team", "invitation"] as const) {
          yield* Membership.demandSight(membership, resource);
        }
        const limit = Page.DEFAULT_LIMIT;
        const isOwner = Membership.isOwner(membership);
        const found = yield* db.query.organization.findFirst({
          columns: { id: true, name: true, slug: true, logo: true, metadata: true, createdAt: true },
          with: {
            teams: { columns: { version: false, updatedAt: false }, orderBy: { id: "asc" }, limit: limit + 1 },
            invitations: {
              columns: { version: false, updatedAt: false },
              where: isOwner ? {} : { RAW: (table) => Invitations.isForAdministrators(table) },
              orderBy: { id: "asc" },
              limit: Membership.may(membership, { invitation: ["create"] }) ? limit + 1 : 0,
            },
          },
        });
        const { invitations, teams, ...row } = yield* InOrganization.oneRow(found === undefined ? [] : [found]);
        const first = { owner: organizationId, order: "oldest" } as const;
        return {
          ...fromRow(row),
          members: yield* Effect.catchTag(members(organizationId, {}), "CursorInvalid", Effect.die),
          teams: Page.make({ ...first, list: "teams" }, limit, teams),
          invitations: Page.make({ ...first, list: "invitations" }, limit, invitations.map(Invitations.fromRow)),
        };
      }),
    ).pipe(Effect.withSpan("Organizations.full")),
    update: Effect.fn("Organizations.update")(({ metadata, ...change }) =>
      changing({ organization: ["update"] })(({ organizationId }) =>
        service(
          Effect.gen(function* () {
            const isCurrent = eq(organization.id, organizationId);
            const changed = { ...change, ...(metadata === undefined ? {} : { metadata: toText(metadata) }) };
            // Of nothing drizzle makes no update.
            if (Object.keys(changed).length === 0) return yield* db.select(columns).from(organization).where(isCurrent);
            return yield* isTaken(db.update(organization).set(changed).where(isCurrent).returning(columns));
          }),
        ).pipe(Effect.flatMap(InOrganization.oneRow), Effect.map(fromRow)),
      ),
    ),
    remove: changing({ organization: ["delete"] })(({ organizationId }) =>
      service(
        Effect.gen(function* () {
          yield* db.delete(apiKey).where(eq(apiKey.referenceId, organizationId));
          return yield* db.delete(organization).where(eq(organization.id, organizationId)).returning(columns);
        }),
      ).pipe(Effect.flatMap(InOrganization.oneRow), Effect.map(fromRow)),
    ).pipe(Effect.withSpan("Organizations.remove")),
    suspend: Effect.fn("Organizations.suspend")(function* (id) {
      return yield* service(setSuspended(id, DateTime.toDate(yield* DateTime.now)));
    }, InOrganization.unexpected),
    resume: Effect.fn("Organizations.resume")((id) => service(setSuspended(id, null)), InOrganization.unexpected),
  });
});

/** On the connection that a database layer opened. */
export const layer: Layer.Layer<Organizations, never, IamDb | PgClient | ServiceConnection> = Layer.effect(
  Organizations,
  make,
);
