import { EntityId, Envelope, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { describe, expect, it } from "@effect/vitest";
import { getColumns, is, SQL, sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { OrgTable, organization, serviceRole, Table, team, tenantRole, user } from "../../src/index.ts";

const NoteId = EntityId.make("NoteId", { prefix: "note", table: "app_notes" });

const global = Table.make(NoteId)({ title: pg.text("title").notNull() });

const globalWithExtras = Table.make(NoteId)({ title: pg.text("title").notNull() }, (t) => [
  pg.unique("app_notes_title_unique").on(t.title),
  pg.index("app_notes_created_at_idx").on(t.createdAt),
  new Table.TenantMayRead({ rows: sql`${t.title} <> ''`, columns: [t.id, t.createdAt] }),
]);

const scoped = OrgTable.make(NoteId)({ title: pg.text("title").notNull() });

const scopedWithExtras = OrgTable.make(NoteId)({ title: pg.text("title").notNull() }, (t) => [
  pg.unique("app_notes_organization_id_title_unique").on(t.organizationId, t.title),
  pg.uniqueIndex("app_notes_title_version_idx").on(t.title, t.version),
]);

const dialect = new pg.PgDialect();
const text = (value: unknown) => (is(value, SQL) ? dialect.sqlToQuery(value).sql : undefined);

const roleName = (role: pg.PgPolicyToOption | undefined) => (is(role, pg.PgRole) ? role.name : role);

/** What a table is to the database. */
const described = (table: pg.PgTable) => {
  const { checks, columns, enableRLS, foreignKeys, indexes, name, policies, primaryKeys, schema, uniqueConstraints } =
    pg.getTableConfig(table);
  return {
    name,
    schema,
    enableRLS,
    columns: Object.fromEntries(
      columns.map((column) => [
        column.name,
        [column.getSQLType(), column.notNull ? "not null" : "null", column.primary ? "primary key" : ""]
          .join(" ")
          .trim(),
      ]),
    ),
    policies: policies.map((policy) => ({
      name: policy.name,
      as: policy.as,
      for: policy.for,
      to: roleName(policy.to),
      using: text(policy.using),
      withCheck: text(policy.withCheck),
    })),
    uniques: uniqueConstraints.map((unique) => [unique.getName(), ...unique.columns.map((column) => column.name)]),
    foreignKeys: foreignKeys.map((key) => {
      const { columns: from, foreignColumns: to, foreignTable } = key.reference();
      return {
        from: from.map((column) => column.name),
        to: [pg.getTableConfig(foreignTable).name, ...to.map((column) => column.name)],
        onDelete: key.onDelete,
      };
    }),
    indexes: indexes.map(({ config }) => config.name),
    checks: checks.map((check) => check.name),
    primaryKeys,
  };
};

const serviceSeesAll = {
  name: "iam_service_all",
  as: undefined,
  for: "all",
  to: "iam_service",
  using: "true",
  withCheck: "true",
};

const ofTenant = (table: string) =>
  `"${table}"."organization_id" = (select cast(nullif(current_setting('iam.organization_id', true), '') as uuid))`;

const tenantIsolation = (table: string) => ({
  name: "iam_tenant_isolation",
  as: undefined,
  for: "all",
  to: "iam_tenant",
  using: ofTenant(table),
  withCheck: ofTenant(table),
});

const entityColumns = {
  id: "uuid not null primary key",
  created_at: "timestamp (3) with time zone not null",
  updated_at: "timestamp (3) with time zone not null",
  version: "integer not null",
};

describe("Table.make", () => {
  it("ALN-1: gives an entity's table its columns, row security, and the service's policy alone", () => {
    expect(described(global)).toEqual({
      name: "app_notes",
      schema: undefined,
      enableRLS: true,
      columns: { ...entityColumns, title: "text not null" },
      policies: [serviceSeesAll],
      uniques: [],
      foreignKeys: [],
      indexes: [],
      checks: [],
      primaryKeys: [],
    });
  });

  it("ALN-1: keeps what is its own when a table adds to it", () => {
    const { indexes, policies, uniques } = described(globalWithExtras);
    expect(uniques).toEqual([["app_notes_title_unique", "title"]]);
    expect(indexes).toEqual(["app_notes_created_at_idx"]);
    expect(policies).toEqual([
      serviceSeesAll,
      {
        name: "iam_tenant_reads",
        as: undefined,
        for: "select",
        to: "iam_tenant",
        using: `"app_notes"."title" <> ''`,
        withCheck: undefined,
      },
    ]);
  });

  it("TEN-1: names the columns that tenants may read by their names in the database", () => {
    const policy = pg.getTableConfig(globalWithExtras).policies.find((one) => is(one, Table.TenantMayRead));
    expect(is(policy, Table.TenantMayRead) ? policy.columns : undefined).toEqual(["id", "created_at"]);
    expect(is(policy, pg.PgPolicy)).toBe(true);
    // Only a tenant's own policy lets it write.
    expect(policy?.withCheck).toBeUndefined();
    const [services] = pg.getTableConfig(global).policies;
    expect(is(services, Table.TenantMayRead)).toBe(false);
  });

  it("CRY-1: lets a sealed column hold envelopes only, and states what else is known of columns", () => {
    const secret = Table.make(NoteId)(
      { ownerId: pg.uuid("owner_id"), token: pg.text("token"), digest: pg.text("digest"), reads: pg.integer("reads") },
      () => [],
      { sealed: ["token"], digested: ["digest"], subject: "ownerId", uneventful: ["reads"] },
    );
    const { checks, policies } = pg.getTableConfig(secret);
    expect(checks.map(({ name, value }) => [name, text(value)])).toEqual([
      ["app_notes_token_sealed", `"token" ~ '${Envelope.pattern}'`],
    ]);
    const [services] = policies;
    expect(is(services, Table.ServiceSeesAll) ? services.facts : undefined).toEqual({
      prefix: "note",
      sealed: ["token"],
      digested: ["digest"],
      personal: [],
      uneventful: ["reads"],
      subject: "owner_id",
      organization: null,
      unrecorded: null,
    });
  });
});

describe("OrgTable.make", () => {
  it("ALN-1: adds the organization, its foreign key, the pair to refer to, and the policy that keeps tenants apart", () => {
    expect(described(scoped)).toEqual({
      name: "app_notes",
      schema: undefined,
      enableRLS: true,
      columns: { ...entityColumns, organization_id: "uuid not null", title: "text not null" },
      policies: [serviceSeesAll, tenantIsolation("app_notes")],
      uniques: [["app_notes_organization_id_id_unique", "organization_id", "id"]],
      foreignKeys: [{ from: ["organization_id"], to: ["iam_organizations", "id"], onDelete: "cascade" }],
      indexes: [],
      checks: [],
      primaryKeys: [],
    });
  });

  it("ALN-1: keeps what is its own when a table adds to it", () => {
    const { indexes, policies, uniques } = described(scopedWithExtras);
    expect(uniques).toEqual([
      ["app_notes_organization_id_id_unique", "organization_id", "id"],
      ["app_notes_organization_id_title_unique", "organization_id", "title"],
    ]);
    expect(indexes).toEqual(["app_notes_title_version_idx"]);
    expect(policies).toEqual([serviceSeesAll, tenantIsolation("app_notes")]);
  });

  it("reads the setting in a sub-select, once for a statement", () => {
    const [policy] = described(scoped).policies.filter(({ name }) => name === "iam_tenant_isolation");
    for (const condition of [policy?.using, policy?.withCheck]) {
      expect(condition).toMatch(/= \(select [^;]*current_setting\('iam\.organization_id', true\)/);
    }
  });

  it("TEN-1: takes the organization of an insert from the scope", () => {
    const { organizationId } = getColumns(scoped);
    expect(text(organizationId.default)).toBe("cast(nullif(current_setting('iam.organization_id', true), '') as uuid)");
  });
});

describe("the columns of every entity", () => {
  const { createdAt, id, updatedAt, version } = getColumns(scoped);

  it("ALN-1: have defaults, the id one that the application makes", () => {
    expect(NoteId.is(id.defaultFn?.())).toBe(true);
    expect([createdAt, updatedAt, version].map((column) => column.hasDefault)).toEqual([true, true, true]);
    expect(version.default).toBe(1);
    // The trigger moves them: drizzle would write its own values over the database's.
    expect([updatedAt, version].map((column) => column.onUpdateFn)).toEqual([undefined, undefined]);
  });

  it("ALN-1: turn an id into a uuid and back", () => {
    const uuid = "01890a5d-ac96-774b-bcce-b302099a8057";
    const noteId = NoteId.fromUuid(uuid);
    expect(id.mapToDriverValue(noteId)).toBe(uuid);
    expect(id.mapFromDriverValue(uuid)).toBe(noteId);
  });

  it("ALN-1: refuse the id of another entity, a bare uuid, and what is no id", () => {
    const toDriver: (value: never) => unknown = (value) => id.mapToDriverValue(value);
    for (const value of [
      SharedEntityIds.UserId.create(),
      IamEntityIds.TeamMemberId.create(),
      "01890a5d-ac96-774b-bcce-b302099a8057",
      "note_",
      "",
    ]) {
      // The compiler refuses it already; what comes from outside TypeScript is refused when it runs.
      expect(() => toDriver(value as never)).toThrow(RangeError);
    }
    expect(() => id.mapFromDriverValue("no uuid")).toThrow(RangeError);
  });
});

describe("the tables that all packages share", () => {
  it.each([
    { name: "iam_users", table: user, reads: ["id", "name", "email", "image"] },
    {
      name: "iam_organizations",
      table: organization,
      reads: ["id", "name", "slug", "logo", "metadata", "suspended_at", "created_at", "updated_at", "version"],
    },
  ])("TEN-1: $name belongs to no organization, and says what tenants may read of it", ({ name, reads, table }) => {
    const { columns, enableRLS, foreignKeys, name: actual, policies } = described(table);
    expect(actual).toBe(name);
    expect(enableRLS).toBe(true);
    expect(columns).not.toHaveProperty("organization_id");
    expect(foreignKeys).toEqual([]);
    expect(policies.map((policy) => [policy.name, policy.for, policy.to])).toEqual([
      ["iam_service_all", "all", "iam_service"],
      ["iam_tenant_reads", "select", "iam_tenant"],
    ]);
    const policy = pg.getTableConfig(table).policies.find((one) => is(one, Table.TenantMayRead));
    expect(is(policy, Table.TenantMayRead) ? policy.columns : []).toEqual(reads);
  });

  it("TEN-1: iam_teams belongs to an organization", () => {
    const { foreignKeys, policies, uniques } = described(team);
    expect(policies).toEqual([serviceSeesAll, tenantIsolation("iam_teams")]);
    expect(uniques).toContainEqual(["iam_teams_organization_id_id_unique", "organization_id", "id"]);
    expect(foreignKeys).toEqual([{ from: ["organization_id"], to: ["iam_organizations", "id"], onDelete: "cascade" }]);
  });

  it("TEN-2: name roles that the migration makes, and drizzle-kit does not", () => {
    const existing = (role: pg.PgRole) => Reflect.get(role, "_existing");
    expect([serviceRole, tenantRole].map((role) => [role.name, existing(role)])).toEqual([
      ["iam_service", true],
      ["iam_tenant", true],
    ]);
  });
});
