import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, organization, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const scimUser = Table.make(IamEntityIds.ScimUserId)(
  {
    connectionId: pg.text("connection_id").notNull(),
    provisioningDomainId: Columns.id("provisioning_domain_id", SharedEntityIds.OrganizationId)
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .references(() => user.id, { onDelete: "cascade" }),
    connectionUserKey: pg.text("connection_user_key").notNull().unique(),
    userName: pg.text("user_name").notNull(),
    userNameKey: pg.text("user_name_key").notNull().unique(),
    primaryEmail: pg.text("primary_email").notNull(),
    workEmailValueIndex: pg.text("work_email_value_index").notNull(),
    emailValueIndex: pg.text("email_value_index").notNull(),
    displayName: pg.text("display_name").notNull(),
    formattedName: pg.text("formatted_name").notNull(),
    givenName: pg.text("given_name"),
    familyName: pg.text("family_name"),
    serializedEmails: pg.text("serialized_emails").notNull(),
    serializedAttributes: pg.text("serialized_attributes"),
    externalId: pg.text("external_id"),
    externalIdKey: pg.text("external_id_key").unique(),
    active: pg.boolean("active").notNull(),
    orderKey: pg.text("order_key").notNull().unique(),
  },
  (t) => [
    pg.index("iam_scim_users_connection_id_order_key_idx").on(t.connectionId, t.orderKey),
    pg.index("iam_scim_users_provisioning_domain_id_user_id_idx").on(t.provisioningDomainId, t.userId),
    pg.index("iam_scim_users_user_id_idx").on(t.userId),
  ],
  {
    organization: "provisioningDomainId",
    subject: "userId",
    personal: [
      "connectionUserKey",
      "userName",
      "userNameKey",
      "primaryEmail",
      "workEmailValueIndex",
      "emailValueIndex",
      "displayName",
      "formattedName",
      "givenName",
      "familyName",
      "serializedEmails",
      "serializedAttributes",
      "externalId",
      "externalIdKey",
      "orderKey",
    ],
  },
);
