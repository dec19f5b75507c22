import { SharedEntityIds } from "@beep/shared-domain";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as columns from "../columns.ts";
import * as Table from "../Table.ts";

export const user = Table.make(SharedEntityIds.UserId)(
  {
    name: pg.text("name").notNull(),
    email: pg.text("email").notNull().unique(),
    emailVerified: pg.boolean("email_verified").notNull().default(false),
    image: pg.text("image"),
    role: pg.text("role"),
    banned: pg.boolean("banned").default(false),
    banReason: pg.text("ban_reason"),
    banExpires: columns.timestamp("ban_expires"),
    username: pg.text("username").unique(),
    displayUsername: pg.text("display_username"),
    phoneNumber: pg.text("phone_number").unique(),
    phoneNumberVerified: pg.boolean("phone_number_verified"),
    isAnonymous: pg.boolean("is_anonymous").default(false),
    lastLoginMethod: pg.text("last_login_method"),
    twoFactorEnabled: pg.boolean("two_factor_enabled").default(false),
  },
  (t) => [
    // The tenant role sees the memberships of its own organization only, and by them its members. The table of
    // memberships is another package's, further up; the policy names it in SQL, and is made after it in the migration.
    // `offset 0` has each user looked up among the members; otherwise, all members are read to find one.
    new Table.TenantMayRead({
      rows: sql`exists (select from iam_members where iam_members.user_id = ${t.id} offset 0)`,
      columns: [t.id, t.name, t.email, t.image],
    }),
  ],
  {
    personal: ["name", "email", "image", "banReason", "username", "displayUsername", "phoneNumber"],
    uneventful: ["lastLoginMethod"],
  },
);
