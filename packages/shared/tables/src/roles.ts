/**
 * The two database roles under which rows are seen. Neither can log in: the application's login takes one of them for
 * the length of a transaction (see the tenancy of `@beep/iam-server`). Roles belong to the whole database cluster, so
 * the migration step creates them, not drizzle-kit.
 */
import { pgRole } from "drizzle-orm/pg-core";

/** Sees, in tables of organizations, the rows of the organization in the setting `iam.organization_id`. */
export const tenantRole = pgRole("iam_tenant").existing();

/** Sees every row; for the identity services themselves. */
export const serviceRole = pgRole("iam_service").existing();
