/**
 * What a directory grants: whom it has as active is a member of its organization, with the roles of the groups. It takes
 * away what it gave, and nothing else.
 */
import { Member } from "@beep/iam-domain/entities";
import { IamDbSchema, type relations } from "@beep/iam-tables";
import { IamEntityIds, type SharedEntityIds } from "@beep/shared-domain";
import { and, eq, gte, inArray, ne, sql } from "drizzle-orm";
import type { EffectPgDatabase } from "drizzle-orm/effect-postgres";
import * as Effect from "effect/Effect";
import { canAct, hasRole } from "../standing.ts";

const { member, organization, organizationRole, scimMembership, session, team, teamMember, user } = IamDbSchema;

type OrganizationId = SharedEntityIds.OrganizationId;
type UserId = SharedEntityIds.UserId;

/** What the organization's directories say of a user, all of them taken together. */
export interface Said {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  /** Whether any of them has the user as active. */
  readonly active: boolean;
  /** The roles that groups of theirs give. */
  readonly roles: ReadonlyArray<string>;
}

/** Who owns an organization decides who else does; a directory has no say in it. */
const OWNER = "owner";

/** What a member is who has no other role. */
const BASE = "member";

const rolesIn = (list: string): ReadonlyArray<string> => list.split(",").filter((role) => role !== "");

const without = (roles: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> =>
  roles.filter((role) => !others.includes(role));

/** Memberships as directories change them. To be run in a transaction, under the service role. */
export const makeMemberships = (db: EffectPgDatabase<typeof relations>) => {
  /** Whether a directory may give the role: the organization has it, and it is not the owner's. */
  const isGiven = Effect.fnUntraced(function* (organizationId: OrganizationId, role: string) {
    if (role === OWNER) return false;
    if (Member.roles.some((builtIn) => builtIn === role)) return true;
    const { organizationId: ofOrganization, role: name } = organizationRole;
    return (yield* db.$count(organizationRole, and(eq(ofOrganization, organizationId), eq(name, role)))) > 0;
  });

  /** The membership and what of it is the directories'; locked, as long as the transaction lasts. */
  const membershipOf = Effect.fnUntraced(function* ({ organizationId, userId }: Said) {
    const [found] = yield* db
      .select()
      .from(member)
      .where(and(eq(member.organizationId, organizationId), eq(member.userId, userId)))
      .for("update");
    if (found === undefined) return undefined;
    const { given, roles } = scimMembership;
    const [theirs] = yield* db
      .select({ given, roles })
      .from(scimMembership)
      .where(eq(scimMembership.memberId, found.id));
    return { ...found, theirs };
  });

  type Membership = NonNullable<Effect.Success<ReturnType<typeof membershipOf>>>;

  /** The roles that a member has from elsewhere. Of a membership that is the directories' the base role is theirs too. */
  const rolesFromElsewhere = ({ role, theirs }: Membership) =>
    without(rolesIn(role), [...rolesIn(theirs?.roles ?? ""), ...(theirs?.given === true ? [BASE] : [])]);

  const setRole = (id: Membership["id"], roles: ReadonlyArray<string>) => {
    const role = roles.join(",") || BASE;
    return db
      .update(member)
      .set({ role })
      .where(and(eq(member.id, id), ne(member.role, role)));
  };

  const give = Effect.fnUntraced(function* (said: Said) {
    const { organizationId, userId } = said;
    const [made] = yield* db
      .insert(member)
      .values({ id: IamEntityIds.MemberId.create(), organizationId, userId, role: BASE })
      .onConflictDoNothing()
      .returning({ memberId: member.id });
    if (made !== undefined) {
      const id = IamEntityIds.ScimMembershipId.create();
      yield* db.insert(scimMembership).values({ id, organizationId, ...made, given: true, roles: "" });
    }
    const membership = yield* membershipOf(said);
    // Removed by somebody else at this very moment.
    if (membership === undefined) return;
    const fromElsewhere = rolesFromElsewhere(membership);
    const given = without(said.roles, fromElsewhere);
    yield* setRole(membership.id, [...fromElsewhere, ...given]);
    const roles = given.join();
    if (roles === (membership.theirs?.roles ?? "")) return;
    const id = IamEntityIds.ScimMembershipId.create();
    yield* db
      .insert(scimMembership)
      .values({ id, organizationId, memberId: membership.id, given: false, roles })
      .onConflictDoUpdate({ target: scimMembership.memberId, set: { roles } });
  });

  /** Whether nobody else who can act owns the organization. Two who would both be the last wait for each other. */
  const isLastOwner = Effect.fnUntraced(function* ({ organizationId, userId }: Said) {
    yield* db
      .select({ id: organization.id })
      .from(organization)
      .where(eq(organization.id, organizationId))
      .for("update");
    const others = yield* db
      .select({ id: member.id })
      .from(member)
      .innerJoin(user, eq(user.id, member.userId))
      .where(
        and(eq(member.organizationId, organizationId), ne(member.userId, userId), hasRole(OWNER, member.role), canAct),
      )
      .limit(1);
    return others.length === 0;
  });

  const remove = Effect.fnUntraced(function* ({ organizationId, userId }: Said, id: Membership["id"]) {
    const left = yield* db
      .delete(teamMember)
      .where(and(eq(teamMember.organizationId, organizationId), eq(teamMember.userId, userId)))
      .returning({ teamId: teamMember.teamId });
    if (left.length > 0) {
      const teams = left.map(({ teamId }) => teamId);
      // Better Auth counts the members of a team beside them.
      yield* db
        .update(team)
        .set({ memberCount: sql`${team.memberCount} - 1` })
        .where(and(inArray(team.id, teams), gte(team.memberCount, 1)));
    }
    yield* db.delete(member).where(eq(member.id, id));
    yield* db.delete(session).where(and(eq(session.userId, userId), eq(session.activeOrganizationId, organizationId)));
  });

  const take = Effect.fnUntraced(function* (said: Said) {
    const membership = yield* membershipOf(said);
    if (membership?.theirs === undefined) return;
    const fromElsewhere = rolesFromElsewhere(membership);
    const leaves = membership.theirs.given && !(rolesIn(membership.role).includes(OWNER) && (yield* isLastOwner(said)));
    if (leaves) return yield* remove(said, membership.id);
    yield* setRole(membership.id, fromElsewhere);
    yield* db.update(scimMembership).set({ roles: "" }).where(eq(scimMembership.memberId, membership.id));
  });

  return {
    isGiven,
    /** Makes the membership what the directories say. */
    reconcile: (said: Said) => (said.active ? give(said) : take(said)),
  };
};
