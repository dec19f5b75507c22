import { SharedEntityIds } from "@beep/shared-domain";
import * as pg from "drizzle-orm/pg-core";
import * as OrgTable from "../OrgTable.ts";

export const team = OrgTable.make(SharedEntityIds.TeamId)({
  name: pg.text("name").notNull(),
  memberCount: pg.integer("member_count").notNull().default(0),
});
