/**
 * How the database knows in whose name a transaction runs: by one of two roles, and by a setting.
 *
 * Neither role can log in: the application's login takes one of them for the length of a transaction (see the tenancy of
 * `@beep/iam-server`). Roles belong to the whole database cluster, so the migration step creates them, not drizzle-kit.
 */
import { sql } from "drizzle-orm";
import { pgRole } from "drizzle-orm/pg-core";

/** The setting that holds the organization in whose scope a transaction runs. */
export const organizationSetting = "iam.organization_id";

/** The setting in which the services say who changes something, where and why, for the length of a transaction. */
export const changeSetting = "iam.change";

/** Sees, in tables of organizations, the rows of the organization in that setting. */
export const tenantRole = pgRole("iam_tenant").existing();

/** Sees every row; for the identity services themselves. */
export const serviceRole = pgRole("iam_service").existing();

/**
 * The organization in whose scope the transaction runs, `null` outside of one: PostgreSQL leaves an empty text behind
 * when a local setting ends. `cast` and not `::`, which drizzle-kit cuts off from the end of a default.
 */
export const currentOrganization = sql.raw(`cast(nullif(current_setting('${organizationSetting}', true), '') as uuid)`);
