/** A namespace for each entity; those of the shared domain are here too, so that one import has them all. */
export { Organization, Team, User } from "@beep/shared-domain";
export * as Account from "./entities/Account.ts";
export * as ApiKey from "./entities/ApiKey.ts";
export * as Invitation from "./entities/Invitation.ts";
export * as Member from "./entities/Member.ts";
export * as NotificationPreference from "./entities/NotificationPreference.ts";
export * as OrganizationRole from "./entities/OrganizationRole.ts";
export * as RateLimit from "./entities/RateLimit.ts";
export * as Session from "./entities/Session.ts";
export * as TeamMember from "./entities/TeamMember.ts";
export * as TwoFactor from "./entities/TwoFactor.ts";
export * as Verification from "./entities/Verification.ts";
