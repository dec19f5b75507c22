import assert from "node:assert/strict";
import { EntityId } from "@beep/shared-domain";
import { OrgTable } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

const DocumentId = EntityId.make("DocumentId", { prefix: "document", table: "app_documents" });

export const document = OrgTable.make(DocumentId)(
  {
    title: pg.text("title").notNull(),
    archived: pg.boolean("archived").notNull().default(false),
  },
  (t) => [pg.index("app_documents_title_idx").on(t.organizationId, t.title)],
);

const { name, columns, policies } = pg.getTableConfig(document);
assert.equal(name, "app_documents");
assert.deepEqual(
  columns.map((column) => column.name),
  ["id", "created_at", "updated_at", "version", "organization_id", "title", "archived"],
);
assert.deepEqual(
  policies.map((policy) => policy.name),
  ["iam_service_all", "iam_tenant_isolation"],
);
