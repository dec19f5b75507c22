/** Every table; those that all packages share are here too, so that one namespace has them all. */
export { organization, team, user } from "@beep/shared-tables";
export { account } from "./tables/account.table.ts";
export { apiKey } from "./tables/apiKey.table.ts";
export { invitation } from "./tables/invitation.table.ts";
export { member } from "./tables/member.table.ts";
export { notificationPreference } from "./tables/notificationPreference.table.ts";
export { organizationRole } from "./tables/organizationRole.table.ts";
export { rateLimit } from "./tables/rateLimit.table.ts";
export { session } from "./tables/session.table.ts";
export { teamMember } from "./tables/teamMember.table.ts";
export { twoFactor } from "./tables/twoFactor.table.ts";
export { verification } from "./tables/verification.table.ts";
