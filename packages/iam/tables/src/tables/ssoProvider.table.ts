import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

// Better Auth lets a provider be without an organization, and its configuration holds secrets: so it is no tenant's to read.
export const ssoProvider = Table.make(IamEntityIds.SsoProviderId)(
  {
    issuer: pg.text("issuer").notNull(),
    oidcConfig: pg.text("oidc_config"),
    samlConfig: pg.text("saml_config"),
    // A company's people go on signing in when whoever registered its provider has left.
    userId: Columns.id("user_id", SharedEntityIds.UserId).references(() => user.id, { onDelete: "set null" }),
    providerId: pg.text("provider_id").notNull().unique(),
    organizationId: Columns.id("organization_id", SharedEntityIds.OrganizationId).references(() => organization.id, {
      onDelete: "cascade",
    }),
    domain: pg.text("domain").notNull(),
    domainVerified: pg.boolean("domain_verified"),
  },
  (t) => [
    pg.index("iam_sso_providers_user_id_idx").on(t.userId),
    pg.index("iam_sso_providers_organization_id_idx").on(t.organizationId),
    pg.index("iam_sso_providers_domain_idx").on(t.domain),
    pg.index("iam_sso_providers_issuer_idx").on(t.issuer),
  ],
  { sealed: ["oidcConfig", "samlConfig"] },
);
