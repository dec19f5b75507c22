export * as Columns from "./columns.ts";
export type { Facts } from "./facts.ts";
export * as OrgTable from "./OrgTable.ts";
export * as Record from "./Record.ts";
export { changeSetting, currentOrganization, organizationSetting, serviceRole, tenantRole } from "./scope.ts";
export * as Table from "./Table.ts";
export { organization } from "./tables/organization.table.ts";
export { team } from "./tables/team.table.ts";
export { user } from "./tables/user.table.ts";
