/** Ids of the entities that every package shares. */
import * as EntityId from "./EntityId.ts";

export const UserId = EntityId.make("UserId", { prefix: "user", table: "iam_users" });
export type UserId = typeof UserId.Type;

export const OrganizationId = EntityId.make("OrganizationId", { prefix: "organization", table: "iam_organizations" });
export type OrganizationId = typeof OrganizationId.Type;

export const TeamId = EntityId.make("TeamId", { prefix: "team", table: "iam_teams" });
export type TeamId = typeof TeamId.Type;
