/**
 * The accounts of whom directories provision. An account that a directory made is its own to describe and to end; any
 * other keeps the name, the address and the life that it has.
 */
import { IamDbSchema, type relations } from "@beep/iam-tables";
import type { SharedEntityIds } from "@beep/shared-domain";
import { and, eq, exists, ne, notExists, or, sql } from "drizzle-orm";
import type { EffectPgDatabase } from "drizzle-orm/effect-postgres";
import * as Effect from "effect/Effect";

const { member, scimConnectionBinding, scimIdentityTombstone, scimSubject, scimUser, user } = IamDbSchema;

type OrganizationId = SharedEntityIds.OrganizationId;
type UserId = SharedEntityIds.UserId;

/** Accounts as directories see and change them. To be run under the service role. */
export const makeAccounts = (db: EffectPgDatabase<typeof relations>) => {
  /** Whether a directory of the organization made the account, and manages it. */
  const isManagedIn = (organizationId: OrganizationId) =>
    exists(
      db
        .select({ id: scimUser.id })
        .from(scimUser)
        .innerJoin(scimSubject, eq(scimSubject.userId, scimUser.userId))
        .where(
          and(eq(scimUser.userId, user.id), eq(scimUser.provisioningDomainId, organizationId), scimSubject.managed),
        ),
    );

  return {
    /**
     * Whose account an organization's directory means by an address: a member's who has confirmed it, or who has it from
     * a directory of the same organization. Nobody else's, although the address be the same: whoever administers a
     * directory may write any address into it.
     */
    knownBy: Effect.fnUntraced(function* (organizationId: OrganizationId, email: string) {
      const [found] = yield* db
        .select({ id: user.id })
        .from(user)
        .innerJoin(member, and(eq(member.userId, user.id), eq(member.organizationId, organizationId)))
        .where(and(eq(user.email, email), or(user.emailVerified, isManagedIn(organizationId))));
      return found?.id;
    }),

    /**
     * Ends the account, or lets it live again. Only one that directories manage ends, when none of them has it as active
     * any more and it belongs nowhere: the last owner of an organization still does.
     *
     * @param described whether a directory describes the account now; if one ever did, it was the one that made it
     */
    settle: (userId: UserId, described = false) => {
      const { connectionId, decommissionStatus } = scimConnectionBinding;
      const isAssigned = exists(
        db
          .select({ id: scimUser.id })
          .from(scimUser)
          .innerJoin(scimConnectionBinding, eq(connectionId, scimUser.connectionId))
          .where(and(eq(scimUser.userId, userId), scimUser.active, eq(decommissionStatus, "active"))),
      );
      const belongs = exists(db.select({ id: member.id }).from(member).where(eq(member.userId, userId)));
      const managed = sql`(${scimSubject.managed} or ${described})`;
      const deactivated = sql`(${managed} and not ${isAssigned} and not ${belongs})`;
      return db
        .update(scimSubject)
        .set({ managed, deactivated })
        .where(
          and(
            eq(scimSubject.userId, userId),
            sql`(${scimSubject.managed}, ${scimSubject.deactivated}) is distinct from (${managed}, ${deactivated})`,
          ),
        );
    },

    /** Whether the directories that manage the account have ended it. */
    isDeactivated: (userId: UserId) =>
      Effect.map(
        db.$count(scimSubject, and(eq(scimSubject.userId, userId), scimSubject.deactivated)),
        (count) => count > 0,
      ),

    /**
     * Takes an account from the directories that manage it, because its user has joined an organization that is not
     * theirs. Else they could give it an address of their own, and by that come in there.
     */
    release: Effect.fnUntraced(function* (userId: UserId, joined: OrganizationId) {
      const ofJoined = db
        .select({ id: scimUser.id })
        .from(scimUser)
        .where(and(eq(scimUser.userId, userId), eq(scimUser.provisioningDomainId, joined)));
      yield* db
        .update(scimSubject)
        .set({ managed: false, deactivated: false, profileSourceId: null })
        .where(and(eq(scimSubject.userId, userId), scimSubject.managed, notExists(ofJoined)));
      // By which a directory would take up what it once deleted.
      const { profile, provisioningDomainId, userId: ofUser } = scimIdentityTombstone;
      yield* db
        .update(scimIdentityTombstone)
        .set({ profile: "preserve" })
        .where(and(eq(ofUser, userId), ne(provisioningDomainId, joined), eq(profile, "manage")));
    }),
  };
};
