import { type Field, IamEntityIds } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";
import { oauthClient } from "./oauthClient.table.ts";
import { oauthResource } from "./oauthResource.table.ts";

export const oauthClientResource = Table.make(IamEntityIds.OauthClientResourceId)(
  {
    clientId: pg
      .text("client_id")
      .notNull()
      .references(() => oauthClient.clientId, { onDelete: "cascade" }),
    resourceId: pg
      .text("resource_id")
      .notNull()
      .references(() => oauthResource.identifier, { onDelete: "cascade" }),
    metadata: pg.jsonb("metadata").$type<Field.Json>(),
  },
  (t) => [
    pg.index("iam_oauth_client_resources_resource_id_idx").on(t.resourceId),
    pg.unique("iam_oauth_client_resources_client_id_resource_id_unique").on(t.clientId, t.resourceId),
  ],
);
