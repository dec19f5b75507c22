import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

export const scimSubject = Table.make(IamEntityIds.ScimSubjectId)(
  {
    userId: Columns.id("user_id", SharedEntityIds.UserId)
      .notNull()
      .unique()
      .references(() => user.id, { onDelete: "cascade" }),
    profileSourceId: pg.text("profile_source_id"),
    revision: pg.integer("revision").notNull(),
    managed: pg.boolean("managed").notNull().default(false),
    deactivated: pg.boolean("deactivated").notNull().default(false),
  },
  (t) => [pg.index("iam_scim_subjects_profile_source_id_idx").on(t.profileSourceId)],
);
