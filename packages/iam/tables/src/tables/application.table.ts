import { Application } from "@beep/iam-domain/entities";
import { IamEntityIds } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const application = Table.make(IamEntityIds.ApplicationId)(
  {
    key: pg.text("key").notNull().unique(),
    name: pg.text("name").notNull(),
  },
  (t) => [pg.check("iam_applications_key_check", sql`${t.key} ~ ${sql.raw(`'${Application.keyPattern}'`)}`)],
);
