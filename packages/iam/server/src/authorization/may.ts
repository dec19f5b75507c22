/**
 * Permission as SQL: a condition for a query of the application's own, so that a page which is filtered, ordered and limited
 * shows only what may be seen, without its rows being fetched first.
 */
import { is, type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { PgColumn } from "drizzle-orm/pg-core";
import { typeIdOf } from "../db/typeId.ts";
import type { Compiled } from "./compile.ts";
import type { Space } from "./facts.ts";
import * as Moment from "./moment.ts";

/** Stand for what becomes a parameter: in no name of a model, because these have no white space. */
const names = {
  organization: "\n[organization]",
  application: "\n[application]",
  subject: "\n[subject]",
  // Made once for each row, and not wherever it is asked for.
  object: "iam_object.id",
};

const marks = /\n\[(organization|application|subject)\]/;

/** The id of the object as tuples have it: a TypeID where the column holds a uuid of ours. */
const idOf = (object: SQLWrapper): SQL => {
  if (!is(object, PgColumn) || object.getSQLType() !== "uuid") return sql`${object}`;
  const read = String(object.mapFromDriverValue("00000000-0000-0000-0000-000000000000"));
  const [, prefix] = /^(.*)_0{26}$/.exec(read) ?? [];
  return prefix === undefined ? sql`${object}::text` : typeIdOf(object, prefix);
};

/**
 * A compiled question as a condition about an object of the query that it stands in.
 *
 * @param common how often what holds for all had been changed when the model was in force: of another one it permits nothing
 */
export const condition = (
  compiled: Compiled,
  { applicationId, organizationId }: Space,
  subject: string,
  object: SQLWrapper,
  common: bigint,
): SQL => {
  const parts: Record<string, SQL> = {
    organization: sql`${organizationId}::uuid`,
    application: sql`${applicationId}::uuid`,
    subject: sql`${subject}::text`,
  };
  const chunks = compiled(names)
    .split(marks)
    .map((chunk, at) => (at % 2 === 0 ? sql.raw(chunk) : (parts[chunk] ?? sql.raw(""))));
  return sql`(${sql.raw(Moment.common)} = ${String(common)}::int8
    and exists (select from (select ${idOf(object)} as id offset 0) iam_object where ${sql.join(chunks)}))`;
};
