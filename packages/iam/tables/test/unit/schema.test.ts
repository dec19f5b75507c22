import * as entities from "@beep/iam-domain/entities";
import { type EntityId, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { describe, expect, it } from "@effect/vitest";
import { getColumns } from "drizzle-orm";
import { getTableConfig, type PgTable } from "drizzle-orm/pg-core";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { IamDbSchema } from "../../src/index.ts";

const ids: ReadonlyArray<EntityId.Any> = [...Object.values(SharedEntityIds), ...Object.values(IamEntityIds)];

const models = new Map<string, { readonly select: { readonly fields: Readonly<Record<string, Schema.Top>> } }>(
  Object.entries(entities).map(([name, { Model }]) => [`${name.charAt(0).toLowerCase()}${name.slice(1)}`, Model]),
);

const tables = Object.entries<PgTable>(IamDbSchema).map(([name, table]) => ({
  name,
  table,
  columns: getColumns(table),
  config: getTableConfig(table),
}));

/** Records have no versions; one that has an id is called by it. */
const entityTables = tables.filter(({ columns }) => "version" in columns);

const belongsToOrganization = (table: PgTable) => "organizationId" in getColumns(table) && hasTenantPolicy(table);
const hasTenantPolicy = (table: PgTable) =>
  getTableConfig(table).policies.some(({ name }) => name === "iam_tenant_isolation");

describe("the schema", () => {
  it("ALN-1: has one table for the ids of every entity", () => {
    const records = tables.filter((one) => !entityTables.includes(one)).map(({ config }) => config.name);
    const named = ids.map(({ tableName }) => tableName).filter((name) => !records.includes(name));
    expect(entityTables.map(({ config }) => config.name).sort()).toEqual(named.sort());
  });

  it("ALN-2: gives every constraint and index a name of its own that PostgreSQL does not cut off", () => {
    const named = tables.flatMap(({ config }) => [
      ...config.indexes.map((index) => index.config.name ?? "without a name"),
      ...config.uniqueConstraints.map((unique) => unique.getName() ?? "without a name"),
      ...config.checks.map((check) => check.name),
    ]);
    expect([...new Set(named)].sort()).toEqual([...named].sort());
    expect(named.filter((name) => name.length > 63 || !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });
});

describe.each(entityTables)("$name", ({ columns, config, name }) => {
  it("ALN-1: has the ids of its entity", () => {
    const [Id] = ids.filter(({ tableName }) => tableName === config.name);
    expect(Id?.is(columns.id?.defaultFn?.())).toBe(true);
    expect(models.get(name)?.select.fields.id).toBe(Id);
  });

  it("ALN-4: takes from its model no number that an integer column cannot hold", () => {
    const fields = models.get(name)?.select.fields ?? {};
    for (const [key, column] of Object.entries(columns)) {
      if (column.getSQLType() !== "integer") continue;
      // The fields of rows need no services to be decoded.
      const decode = Schema.decodeUnknownResult(fields[key] as Schema.Codec<unknown>);
      const taken = [2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1].map((value) => Result.isSuccess(decode(value)));
      // Of those that a constraint bounds the model may take fewer.
      const isBounded = config.checks.some((check) => check.name === `${config.name}_${column.name}`);
      expect({ key, taken }).toEqual({ key, taken: [!isBounded, false, true, false] });
    }
  });
});

describe.each(tables)("$name", ({ columns, config, table }) => {
  it("ALN-1: calls its columns in SQL as in TypeScript", () => {
    const snakeCase = (key: string) => key.replace(/[A-Z]+/g, (letters) => `_${letters.toLowerCase()}`);
    expect(Object.values(columns).map((column) => column.name)).toEqual(Object.keys(columns).map(snakeCase));
  });

  it("TEN-1: has row security, the service's policy, and the tenants' when it belongs to an organization", () => {
    expect(config.enableRLS).toBe(true);
    expect(config.policies.filter((policy) => policy.name === "iam_service_all")).toHaveLength(1);
    // What merely refers to an organization does not belong to it; of facts tenants may read theirs, and write none.
    const { organizationId } = Object(columns);
    const readsOnly = config.policies.some((policy) => policy.name === "iam_tenant_reads");
    expect(hasTenantPolicy(table)).toBe(organizationId?.notNull === true && !readsOnly);
  });

  it("TEN-1: refers to a table of the same tenant by both columns", () => {
    for (const key of config.foreignKeys) {
      const { columns: from, foreignColumns, foreignTable } = key.reference();
      if (!belongsToOrganization(table) || !belongsToOrganization(foreignTable)) continue;
      const at = from.findIndex((column) => column.name === "organization_id");
      expect(foreignColumns[at]?.name).toBe("organization_id");
      expect(from.length).toBeGreaterThanOrEqual(2);
    }
  });
});
