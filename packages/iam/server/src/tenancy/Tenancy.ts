/** Scopes of one organization, and who is let in. */
import { AccessControl, type Errors, Membership, Problems } from "@beep/iam-domain";
import { CurrentTenant, IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Record from "effect/Record";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import type { Fragment } from "effect/sql/Statement";
import * as Scope from "../db/Scope.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as Transaction from "../db/Transaction.ts";

type OrganizationId = SharedEntityIds.OrganizationId;

/**
 * Runs an effect within an organization: in one transaction in which the database shows the organization's rows and no
 * others, whatever the effect asks for. The effect finds the organization as `CurrentTenant`. Who asks, nobody looks at:
 * that is `as`.
 *
 * Dies inside the scope of another organization: no code has business in two tenants at once.
 */
export const within =
  (organizationId: OrganizationId) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E | SqlError | Errors.CommitUnknown, Exclude<R, CurrentTenant> | PgClient> =>
    Effect.gen(function* () {
      const client = yield* PgClient;
      yield* demandNoOther(client, organizationId);
      return yield* effect.pipe(
        Effect.provideService(CurrentTenant, organizationId),
        Scope.enter(client, Scope.tenant(organizationId)),
      );
    }).pipe(
      // A stack for each would cost as much as the scope's own statement.
      Effect.withSpan(
        "Tenancy.within",
        { attributes: { "iam.organization_id": organizationId } },
        { captureStackTrace: false },
      ),
    );

const demandNoOther = Effect.fnUntraced(function* (client: PgClient, organizationId: OrganizationId) {
  const outer = yield* Scope.current(client);
  if (outer._tag === "Tenant" && outer.organizationId !== organizationId) {
    return yield* Effect.die(new Error("A scope cannot be opened within the scope of another organization."));
  }
});

/** How an organization is named: by what it is called, or by something of it. */
export type Named =
  | { readonly by: "id"; readonly id: OrganizationId }
  | { readonly by: "slug"; readonly slug: string }
  | { readonly by: "team"; readonly id: SharedEntityIds.TeamId }
  | { readonly by: "invitation"; readonly id: IamEntityIds.InvitationId }
  /** By an invitation to its addressee, who need be no member. */
  | { readonly by: "addressee"; readonly id: IamEntityIds.InvitationId; readonly email: string };

/** What the database knows of a principal in an organization. */
interface Row {
  readonly organization: string;
  readonly member: string | null;
  readonly role: string | null;
  /** The permissions of the member's roles that the organization defined, as JSON texts by role. */
  readonly defined: Readonly<Record<string, string>> | null;
}

/** What nobody can read permits nothing. */
const permissionsIn = (text: string): Effect.Effect<AccessControl.Permissions> =>
  Effect.catch(Schema.decodeEffect(AccessControl.PermissionsText)(text), (error) =>
    Effect.as(Effect.logError("The permissions of a role cannot be read.", error), {}),
  );

const isNamed = (client: PgClient, named: Named): Fragment => {
  switch (named.by) {
    case "id":
      return client`o.id = ${SharedEntityIds.OrganizationId.toUuid(named.id)}`;
    case "slug":
      return client`o.slug = ${named.slug}`;
    case "team":
      return client`o.id = (select organization_id from iam_teams where id = ${SharedEntityIds.TeamId.toUuid(named.id)})`;
    case "invitation":
      return client`o.id = (
        select organization_id from iam_invitations where id = ${IamEntityIds.InvitationId.toUuid(named.id)})`;
    case "addressee":
      return client`o.id = (
        select organization_id from iam_invitations
        where id = ${IamEntityIds.InvitationId.toUuid(named.id)} and lower(email) = lower(${named.email}))`;
  }
};

/** One statement, by which an organization that is not there, is suspended, or is not the principal's shows no row. */
const look = (client: PgClient, principal: Principal.Principal, named: Named, lock: boolean) => {
  const user = principal._tag === "User" ? SharedEntityIds.UserId.toUuid(principal.userId) : null;
  const own =
    principal._tag === "Organization" ? SharedEntityIds.OrganizationId.toUuid(principal.organizationId) : null;
  const isOpen = principal._tag === "System" || named.by === "addressee";
  return client<Row>`
    select o.id as organization, m.id as member, m.role, (
      select json_object_agg(r.role, r.permission) from iam_organization_roles r
      where r.organization_id = o.id and r.role = any (string_to_array(m.role, ','))
    ) as defined
    from iam_organizations o
    left join iam_members m on m.organization_id = o.id and m.user_id = ${user}
    where ${isNamed(client, named)} and o.suspended_at is null
      and (m.id is not null or o.id = ${own} or ${isOpen}) ${client.literal(lock ? "for no key update of o" : "")}`;
};

const membershipOf = Effect.fnUntraced(function* (
  principal: Principal.Principal,
  [row]: ReadonlyArray<Row>,
): Effect.fn.Return<Membership.Membership, Problems.TenantNotFound> {
  if (row === undefined) return yield* new Problems.TenantNotFound();
  const defined = yield* Effect.all(Record.map(row.defined ?? {}, permissionsIn));
  return {
    organizationId: SharedEntityIds.OrganizationId.fromUuid(row.organization),
    principal,
    memberId: row.member === null ? null : IamEntityIds.MemberId.fromUuid(row.member),
    roles: AccessControl.parseRoles(row.role ?? ""),
    defined: new Map(Object.entries(defined)),
  };
});

/**
 * Lets a principal into an organization, however it is named: one statement.
 *
 * With `lock` the organization stays locked until the transaction ends. Whoever changes it waits for whoever changes it at
 * the moment, so that rules that look at several rows, the last owner's say, hold without a lock on each of them. That is
 * one statement more: the one that waited has seen the membership as it was before.
 */
export const letIn = Effect.fnUntraced(function* (
  principal: Principal.Principal,
  named: Named,
  lock: boolean,
): Effect.fn.Return<
  Membership.Membership,
  Problems.TenantNotFound | SqlError | Errors.CommitUnknown,
  ServiceConnection
> {
  const { client, lookUp } = yield* ServiceConnection;
  const locked = lock ? yield* lookUp(look(client, principal, named, true)) : undefined;
  if (locked?.length === 0) return yield* new Problems.TenantNotFound();
  return yield* membershipOf(principal, yield* lookUp(look(client, principal, named, false)));
});

/**
 * Lets a principal into an organization: one statement. An organization that does not exist, is suspended, or that the
 * principal is not in, is one and the same `TenantNotFound`.
 */
export const admit = Effect.fn("Tenancy.admit")(function* (
  principal: Principal.Principal,
  organizationId: OrganizationId,
): Effect.fn.Return<Membership.Membership, Problems.TenantNotFound, ServiceConnection> {
  return yield* Effect.catchIf(
    letIn(principal, { by: "id", id: organizationId }, false),
    (error) => error._tag !== "TenantNotFound",
    Effect.die,
  );
});

/** Runs an effect in the name of a principal that an organization has let in, as the services of organizations need it. */
export const as =
  (principal: Principal.Principal, organizationId: OrganizationId) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, R>,
  ): Effect.Effect<
    A,
    E | Problems.TenantNotFound,
    Exclude<R, CurrentTenant | Membership.CurrentMembership> | ServiceConnection
  > =>
    Effect.flatMap(admit(principal, organizationId), (membership) => asMember(membership)(effect));

/** Runs an effect in the name of who has been let in already. */
export const asMember =
  (membership: Membership.Membership) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, R>,
  ): Effect.Effect<A, E, Exclude<R, CurrentTenant | Membership.CurrentMembership>> =>
    effect.pipe(
      Effect.provideContext(
        Context.make(Membership.CurrentMembership, membership).pipe(
          Context.add(CurrentTenant, membership.organizationId),
        ),
      ),
      Principal.acting(membership.principal),
    );

/**
 * Runs a change of an organization in the name of the current member: in one transaction, within the organization. The
 * member is let in anew, with the organization locked, so that what is decided from the membership and from the
 * organization's rows stays true until the commit. Changes of one organization so come one after the other.
 */
export const changing =
  (asked: AccessControl.Asked) =>
  <A, E, R>(
    effect: Effect.Effect<A, E, R>,
  ): Effect.Effect<
    A,
    E | Problems.TenantNotFound | Problems.PermissionMissing | SqlError | Errors.CommitUnknown,
    | Exclude<R, CurrentTenant | Membership.CurrentMembership>
    | Membership.CurrentMembership
    | ServiceConnection
    | PgClient
  > =>
    Effect.gen(function* () {
      const { organizationId, principal } = yield* Membership.CurrentMembership;
      const client = yield* PgClient;
      const { transaction } = yield* ServiceConnection;
      yield* demandNoOther(client, organizationId);
      // What comes after the change is then in the scope that it is in now.
      const inOrganization = (yield* Transaction.isOpen(client)) ? Scope.enter : Scope.goOn;
      return yield* transaction(
        Effect.gen(function* () {
          const membership = yield* letIn(principal, { by: "id", id: organizationId }, true);
          if (!Membership.may(membership, asked)) return yield* Membership.missing(asked);
          return yield* effect.pipe(asMember(membership), inOrganization(client, Scope.tenant(organizationId)));
        }),
      );
    }).pipe(Effect.withSpan("Tenancy.changing"));
