import { SharedEntityIds } from "@beep/shared-domain";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as columns from "../columns.ts";
import { currentOrganization } from "../scope.ts";
import * as Table from "../Table.ts";

export const organization = Table.make(SharedEntityIds.OrganizationId)(
  {
    name: pg.text("name").notNull(),
    slug: pg.text("slug").notNull().unique(),
    logo: pg.text("logo"),
    metadata: pg.text("metadata"),
    suspendedAt: columns.timestamp("suspended_at"),
  },
  (t) => [
    new Table.TenantMayRead({
      rows: sql`${t.id} = (select ${currentOrganization})`,
      columns: [t.id, t.name, t.slug, t.logo, t.metadata, t.suspendedAt, t.createdAt, t.updatedAt, t.version],
    }),
  ],
);
