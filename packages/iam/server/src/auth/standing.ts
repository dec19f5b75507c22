/** What a user is: which roles are held, and whether the user may act at all. As conditions in SQL, and of a row. */
import { IamDbSchema } from "@beep/iam-tables";
import { type SQL, sql } from "drizzle-orm";

const { invitation, member, scimSubject, user } = IamDbSchema;

/** Whether a list of roles, as Better Auth keeps them, has the role. */
export const hasRole = (role: string, column: typeof user.role | typeof member.role | typeof invitation.role): SQL =>
  sql`${role} = any (string_to_array(${column}, ','))`;

/** Whether a member owns the organization: by the index of owners, which a parameter in the role's place would not let be used. */
export const isOwner: SQL = sql`'owner' = any (string_to_array(${member.role}, ','))`;

/** Whether a user may act: neither banned, nor ended by the directories that made the account. */
export const canAct: SQL = sql`(${user.banned} is not true or ${user.banExpires} <= now())
  and not exists (select from ${scimSubject} where ${scimSubject.userId} = ${user.id} and ${scimSubject.deactivated})`;

type UserLike = Readonly<Record<string, unknown>>;

/** Whether the user of a request administers the whole installation. */
export const isAdministrator = (one: UserLike | undefined): boolean =>
  typeof one?.role === "string" && one.role.split(",").includes("admin");

/**
 * Whether the user of a request is banned.
 *
 * @param now in milliseconds
 */
export const isBanned = (one: UserLike | null | undefined, now: number): boolean =>
  one?.banned === true && !(one.banExpires instanceof Date && one.banExpires.getTime() <= now);
