/** Tenants with rows, whatever tables there are. */
import { SqlState } from "@beep/db-admin";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { SqlClient } from "effect/sql/SqlClient";
import type { SqlError } from "effect/sql/SqlError";
import { literal, quoted } from "./names.ts";
import type { Column, Relation } from "./relations.ts";
import { given, valueFor } from "./values.ts";

/** A row: the text of each column. */
export type Row = Readonly<Record<string, string | null>>;

/** A tenant, with a row in every table of organizations that nothing refers to, and one that can be inserted. */
export interface Tenant {
  readonly organization: string;
  /** By the table's name in statements. */
  readonly rows: ReadonlyMap<string, Row>;
  readonly drafts: ReadonlyMap<string, Row>;
}

/** A table that nobody could give a row. */
export class NoRow extends Schema.TaggedError<NoRow>()("NoRow", { table: Schema.String, reason: Schema.String }) {}

/** The tenants, and what could not be made. */
export interface Population {
  readonly tenants: ReadonlyArray<Tenant>;
  readonly unmade: ReadonlyArray<NoRow>;
}

/** An INSERT of a row. What is computed cannot be stated; what is drawn from a sequence can, by whoever says so. */
export const insertion = ({ columns: all, sql }: Relation, row: Row): string => {
  const columns = all.filter(({ computed, name }) => name in row && !computed);
  if (columns.length === 0) return `insert into ${sql} default values`;
  const overriding = columns.some(({ drawn }) => drawn) ? " overriding system value" : "";
  const names = columns.map(({ name }) => quoted(name)).join(", ");
  return `insert into ${sql} (${names})${overriding} values (${columns.map(({ name }) => literal(row[name])).join(", ")})`;
};

/** Of columns of which one must be there, the first. */
const isTheOne = ({ checks }: Relation, column: string): boolean =>
  checks.some(({ definition }) => new RegExp(`num_nonnulls\\("?${column}"?, [^)]*\\) = 1`).test(definition));

/** Whether a row states a column: where it must, where another row could have the same, and where the table is a part. */
const isStated = (relation: Relation, { hasDefault, name, nullable }: Column): boolean => {
  const isKey = relation.keys.some(({ columns }) => columns.includes(name));
  return relation.bound?.column === name || (!hasDefault && (!nullable || isKey || isTheOne(relation, name)));
};

const maker = (
  client: SqlClient,
  relations: ReadonlyArray<Relation>,
  expressions: Readonly<Record<string, string>>,
  organizations: Relation | undefined,
) => {
  const table = (sql: string) => relations.find((relation) => relation.sql === sql);

  const evaluated = Effect.fnUntraced(function* (relation: Relation, stated: Row) {
    const selected: Array<string> = [];
    for (const column of relation.columns) {
      const isWanted = isStated(relation, column) || given(relation, column, expressions) !== undefined;
      if (column.name in stated || !isWanted) continue;
      const value = valueFor(relation, column, expressions);
      if (value === undefined) {
        return yield* new NoRow({
          table: relation.name,
          reason: `no value is known of ${column.name}, which is ${column.type}`,
        });
      }
      selected.push(`(${value})::${column.type}::text as ${quoted(column.name)}`);
    }
    const [row] = yield* client.unsafe<Row>(`select ${selected.join(", ")}`);
    return { ...row, ...stated };
  });

  /** The row of an organization, and what is stated by it in each of its rows. */
  type Organization = { readonly id: string; readonly row: Row };

  /** A row that is not there yet, whose parents are there and refer to nothing else. */
  const draft: (
    relation: Relation,
    organization: Organization,
    path?: ReadonlyArray<string>,
  ) => Effect.Effect<Row, NoRow | SqlError> = Effect.fnUntraced(function* (relation, organization, path = []) {
    const stated: Record<string, string | null> = relation.hasOrganization ? { organization_id: organization.id } : {};
    for (const { columns, parent, parentColumns } of relation.references) {
      const open = relation.columns.filter(({ name }) => columns.includes(name) && !(name in stated));
      if (!open.some((column) => isStated(relation, column))) continue;
      const referred = table(parent);
      if (referred === undefined || parent === relation.sql || path.includes(parent)) {
        if (open.every(({ nullable }) => nullable)) {
          for (const { name } of open) stated[name] = null;
          continue;
        }
        return yield* new NoRow({ table: relation.name, reason: `it refers in a circle to ${parent}` });
      }
      const row =
        referred === organizations ? organization.row : yield* fresh(referred, organization, [...path, relation.sql]);
      for (const [position, column] of columns.entries()) stated[column] ??= row[parentColumns[position] ?? ""] ?? null;
    }
    return yield* evaluated(relation, stated);
  });

  const fresh = (relation: Relation, organization: Organization, path?: ReadonlyArray<string>) =>
    Effect.flatMap(draft(relation, organization, path), (row) => inserted(relation, row));

  const inserted = Effect.fnUntraced(function* (relation: Relation, row: Row) {
    const texts = relation.columns.map(({ name }) => `${quoted(name)}::text as ${quoted(name)}`);
    const [whole] = yield* client.unsafe<Row>(`${insertion(relation, row)} returning ${texts.join(", ")}`);
    return whole ?? {};
  });

  return { draft, fresh, inserted };
};

/** The table of the organizations themselves: what `organization_id` refers to. */
const organizationsAmong = (relations: ReadonlyArray<Relation>): Relation | undefined => {
  const parents = relations.flatMap(({ hasOrganization, references }) =>
    references
      .filter(({ columns }) => hasOrganization && columns.join() === "organization_id")
      .map(({ parent }) => parent),
  );
  return relations.find(({ sql }) => sql === parents[0]);
};

/**
 * Makes tenants, gives each of them rows in every table of organizations, and every other table a row where it has none.
 * Each row has parents of its own, so that none is in another's way.
 */
export const populate = Effect.fnUntraced(function* (
  client: SqlClient,
  relations: ReadonlyArray<Relation>,
  {
    expressions,
    tenants: number,
  }: { readonly tenants: number; readonly expressions: Readonly<Record<string, string>> },
): Effect.fn.Return<Population, SqlError> {
  const organizations = organizationsAmong(relations);
  const { draft, fresh, inserted } = maker(client, relations, expressions, organizations);
  const unmade: Array<NoRow> = [];

  /** What fails is undone, and said. */
  const attempt = <A>(relation: Relation, effect: Effect.Effect<A, NoRow | SqlError>) =>
    client.withTransaction(effect).pipe(
      Effect.catch((error) => {
        const reason = error._tag === "NoRow" ? error.reason : SqlState.message(error);
        unmade.push(new NoRow({ table: relation.name, reason }));
        return Effect.succeed(undefined);
      }),
    );

  const nobodys = { id: "", row: {} };
  const made = yield* Effect.forEach(Array.from({ length: number }), () =>
    Effect.gen(function* () {
      const [generated] = yield* client<{ id: string }>`select gen_random_uuid()::text as id`;
      const row = (organizations && (yield* attempt(organizations, fresh(organizations, nobodys)))) ?? {};
      const organization = { id: row.id ?? generated?.id ?? "", row };
      const rows = new Map<string, Row>();
      const drafts = new Map<string, Row>();
      for (const relation of relations.filter(({ hasOrganization, isTable }) => hasOrganization && isTable)) {
        const both = Effect.all([fresh(relation, organization), draft(relation, organization)]);
        const pair = yield* attempt(relation, both);
        if (pair === undefined) continue;
        rows.set(relation.sql, pair[0]);
        drafts.set(relation.sql, pair[1]);
      }
      return { organization, tenant: { organization: organization.id, rows, drafts } };
    }),
  );

  const [first] = made;
  for (const relation of relations.filter(({ hasOrganization, isTable }) => !hasOrganization && isTable)) {
    const isEmpty = (yield* client.unsafe(`select from ${relation.sql} limit 1`)).length === 0;
    if (!isEmpty || first === undefined) continue;
    const { organization } = first;
    yield* attempt(
      relation,
      Effect.flatMap(draft(relation, organization), (row) => inserted(relation, row)),
    );
  }
  // Each table once, though it failed for every tenant.
  const told = unmade.filter(({ table }, index) => unmade.findIndex((other) => other.table === table) === index);
  return { tenants: made.map(({ tenant }) => tenant), unmade: told };
});
