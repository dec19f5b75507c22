/** Parts of statements over tables of which only the catalogue is known. */
import { literal, quoted } from "../names.ts";
import type { Column, Relation } from "../relations.ts";
import type { Row, Tenant } from "../rows.ts";

/** Some columns of a row. */
export const of = (row: Row, columns: ReadonlyArray<string>): Row =>
  Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));

/** That a row has the values of another in some columns. */
export const has = (row: Row, columns: ReadonlyArray<string>): string =>
  Object.entries(of(row, columns))
    .map(([column, value]) => (value === null ? `${quoted(column)} is null` : `${quoted(column)} = ${literal(value)}`))
    .join(" and ");

/** Assignments of a row's values. */
export const assigned = (row: Row): string =>
  Object.entries(row)
    .map(([column, value]) => `${quoted(column)} = ${literal(value)}`)
    .join(", ");

/** The columns by which a table's rows are told apart. */
export const keyOf = (relation: Relation): ReadonlyArray<string> => relation.keys[0]?.columns ?? ["organization_id"];

/** A foreign key to a table of organizations. */
export interface Parent {
  readonly name: string;
  /** Whether the organization is part of it, so that the organization follows from it. */
  readonly isComposite: boolean;
  /** What a row states to refer to the tenant's row there, the organization left out. */
  readonly stated: Row;
}

/** How rows of a table refer to a tenant's rows in other tables. */
export const parentsIn = (
  relation: Relation,
  relations: ReadonlyArray<Relation>,
  { rows }: Tenant,
): ReadonlyArray<Parent> =>
  relation.references.flatMap(({ columns, name, parent, parentColumns }) => {
    const row = rows.get(parent);
    const isOfOrganizations = relations.some(({ hasOrganization, sql }) => hasOrganization && sql === parent);
    const stated = columns.flatMap((column, position) =>
      column === "organization_id" ? [] : [[column, row?.[parentColumns[position] ?? ""] ?? null] as const],
    );
    return isOfOrganizations && row !== undefined && stated.length > 0
      ? [{ name, isComposite: columns.includes("organization_id"), stated: Object.fromEntries(stated) }]
      : [];
  });

/** What a row states that is moved to a tenant with all to which it refers. */
export const placedWith = ({ organization }: Tenant, parents: ReadonlyArray<Parent>): Row => ({
  ...Object.fromEntries(parents.flatMap(({ stated }) => Object.entries(stated))),
  organization_id: organization,
});

/** A column that may be stated. */
export const writableColumn = ({ columns }: Relation): Column | undefined =>
  columns.find(({ computed, drawn }) => !computed && !drawn);

/** Writes that touch no row, so that a privilege is all that they need. */
export const emptyWrites = (
  relation: Relation,
): ReadonlyArray<readonly [what: string, statement: string, privilege: "insert" | "update" | "delete"]> => {
  const column = writableColumn(relation);
  if (!relation.isTable || column === undefined) return [];
  const name = quoted(column.name);
  return [
    ["inserts", `insert into ${relation.sql} (${name}) select null::${column.type} where false`, "insert"],
    ["changes", `update ${relation.sql} set ${name} = default where false`, "update"],
    ["deletes", `delete from ${relation.sql} where false`, "delete"],
  ];
};
