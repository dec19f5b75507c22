import assert from "node:assert/strict";
import { IamDbSchema, relations } from "@beep/iam-tables";
import { defineRelations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

// An application's schema is ours and its own; relations may go from one to the other.
const note = pg.pgTable("app_notes", { text: pg.text("text") });
const appRelations = defineRelations({ ...IamDbSchema, note });

assert.equal(pg.getTableConfig(IamDbSchema.member).name, "iam_members");
assert.equal(relations.member.table, IamDbSchema.member);
assert.equal(appRelations.note.table, note);
