/** Whether our tables have what Better Auth, with the plugins that are enabled, will read and write. */

import { Mailer, Plugins, SigningKeys } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import type { BetterAuthOptions } from "@better-auth/core";
import type { BetterAuthDBSchema, DBFieldAttribute } from "@better-auth/core/db";
import { getAuthTables } from "@better-auth/core/db";
import { assert, layer } from "@effect/vitest";
import { getColumns } from "drizzle-orm";
import { getTableConfig, IndexedColumn, type PgColumn, type PgTable } from "drizzle-orm/pg-core";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import { makeAdapter } from "../src/auth/adapter.ts";
import { makeAdmission } from "../src/auth/admission.ts";
import { makeBetterAuth } from "../src/auth/betterAuth.ts";
import { makeCredentials } from "../src/auth/credentials.ts";
import * as Directories from "../src/auth/directories/Directories.ts";
import { tables, undeclaredReferences } from "../src/auth/models.ts";
import * as Pages from "../src/auth/pages.ts";
import { settings } from "../src/auth/settings.ts";
import { ServiceConnection } from "../src/db/ServiceConnection.ts";
import { means } from "./auth/means.ts";

const directory = "what a directory provisions is an organization, and ends with it";

/** Where our tables are meant to say something else than Better Auth does, and why. */
const deliberate: Readonly<Record<string, string>> = {
  "organizationRole.updatedAt is required": "every entity's row says when it was changed; the database writes it",
  "team.updatedAt is required": "every entity's row says when it was changed; the database writes it",
  "teamMember.createdAt is required": "every entity's row says when it was made; the database writes it",
  "oauthClient.createdAt is required": "every entity's row says when it was made; the database writes it",
  "oauthClient.updatedAt is required": "every entity's row says when it was changed; the database writes it",
  "oauthClientResource.createdAt is required": "every entity's row says when it was made; the database writes it",
  "oauthResource.createdAt is required": "every entity's row says when it was made; the database writes it",
  "oauthResource.updatedAt is required": "every entity's row says when it was changed; the database writes it",
  "passkey.createdAt is required": "every entity's row says when it was made; the database writes it",

  "twoFactor.secret is not the first of an index": "it is sealed, and nobody can look for it",
  "apikey.key is unique": "a key's hash names one key, or verifying it would be a guess",
  "deviceCode.deviceCode is unique": "a device's code names one sign-in, or approving one might end in another",
  "deviceCode.userCode is unique": "and so does what its user types",
  "oauthConsent is unique in clientId, userId, referenceId":
    "what a user allows a client is one row, so that taking it back takes back all of it",
  "passkey.credentialID is unique": "a key of a device belongs to one user",
  "twoFactor.userId is unique": "a user has one second factor, and two enrolments at once must not make two",
  "account is unique in providerId, accountId": "an identity at a provider belongs to one user",
  "member is unique in organizationId, userId": "a user is a member once",
  "organizationRole is unique in organizationId, role": "a role's name means one thing in an organization",
  "teamMember is unique in teamId, userId": "a user is in a team once",
  "invitation is unique in organizationId, id": "what belongs to a tenant is referred to by both columns",
  "member is unique in organizationId, id": "what belongs to a tenant is referred to by both columns",
  "organizationRole is unique in organizationId, id": "what belongs to a tenant is referred to by both columns",
  "team is unique in organizationId, id": "what belongs to a tenant is referred to by both columns",
  "teamMember is unique in organizationId, id": "what belongs to a tenant is referred to by both columns",

  "walletAddress is unique in address, chainId": "an Ethereum account signs one user in",

  "deviceCode.userId refers to user.id, cascade": "what a user approved ends with the user",
  "oauthAccessToken.sessionId refers to session.id, cascade":
    "without its session a token would be one that was asked for in none, and be valid",
  "session.activeOrganizationId refers to organization.id, set null":
    "no session is left in an organization that is gone",
  "session.activeTeamId refers to team.id, set null": "no session is left in a team that is gone",
  "session.impersonatedBy refers to user.id, cascade": "without its mark the session would be the user's own",
  "ssoProvider.createdAt is required": "every entity's row says when it was made; the database writes it",
  "ssoProvider.userId is not required": "who registered a provider may leave, and the provider stays",
  "ssoProvider.userId refers to user.id, set null": "who registered a provider may leave, and the provider stays",
  "ssoProvider.organizationId refers to organization.id, cascade":
    "without its organization a provider would sign in whoever its domains name, into none",
  "scimConnectionBinding.provisioningDomainId refers to organization.id, cascade": directory,
  "scimGroup.provisioningDomainId refers to organization.id, cascade": directory,
  "scimIdentityTombstone.provisioningDomainId refers to organization.id, cascade": directory,
  "scimManagedConnection.provisioningDomainId refers to organization.id, cascade": directory,
  "scimProjectionGrant.provisioningDomainId refers to organization.id, cascade": directory,
  "scimUser.provisioningDomainId refers to organization.id, cascade": directory,
  "teamMember.teamId refers to organizationId of team too": "a team's member cannot be in another tenant than the team",

  "passkey.counter is bigint and not integer": "an authenticator counts up to 2^32 - 1",
  "walletAddress.chainId is bigint and not integer": "chains have numbers beyond 2^31",
  "organizationRole.role is not the first of an index": "it is looked up within an organization, by the unique pair",
};

const authTables = Effect.gen(function* () {
  const connection = yield* ServiceConnection;
  const stated = yield* settings;
  const auth = makeBetterAuth({
    settings: stated,
    pages: yield* Pages.settings,
    credentials: yield* makeCredentials(stated, connection, Effect.void),
    mails: yield* Mailer.Mails,
    adapter: makeAdapter(connection, yield* means),
    admission: makeAdmission(connection),
    directories: yield* Directories.make,
    organizationMayAct: () => Promise.resolve(true),
    transaction: (run) => run(),
    signingKeys: yield* SigningKeys.SigningKeys,
    send: () => Effect.void,
    sendText: () => Effect.void,
    upgraded: () => Effect.void,
  });
  return (more: NonNullable<BetterAuthOptions["plugins"]> = []) =>
    getAuthTables({ ...auth.options, plugins: [...(auth.options.plugins ?? []), ...more] });
}).pipe(
  Effect.provide(
    ConfigProvider.layer(
      ConfigProvider.fromUnknown({
        IAM_BASE_URL: "http://localhost",
        IAM_SECRET: "x".repeat(40),
        IAM_PLUGINS: Plugins.all.join(),
      }),
    ),
  ),
);

const ours: Readonly<Record<string, PgTable>> = tables;

const modelOf = (table: PgTable): string =>
  Object.entries(ours).find(([, other]) => other === table)?.[0] ?? getTableConfig(table).name;

/** A table in the terms that Better Auth has for one. */
const describe = (table: PgTable) => {
  const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
  const fieldOf = (name: string): string =>
    Object.entries(columns).find(([, column]) => column.name === name)?.[0] ?? name;
  const fieldsOf = (parts: ReadonlyArray<{ readonly name: string }>) => parts.map((part) => fieldOf(part.name));
  const { columns: list, foreignKeys, indexes, primaryKeys, uniqueConstraints } = getTableConfig(table);
  const indexed = indexes.map(({ config }) => ({
    fields: fieldsOf(config.columns.filter((part) => part instanceof IndexedColumn)),
    // Uniqueness among some rows is none that Better Auth could ask for.
    unique: config.unique && config.where === undefined,
  }));
  const uniques = [
    ...list.filter((column) => column.isUnique || column.primary).map((column) => [fieldOf(column.name)]),
    ...uniqueConstraints.map((unique) => fieldsOf(unique.columns)),
    ...primaryKeys.map((key) => fieldsOf(key.columns)),
    ...indexed.filter((index) => index.unique).map((index) => index.fields),
  ];
  return {
    columns,
    uniques,
    isUnique: (field: string) => uniques.some((fields) => fields.length === 1 && fields[0] === field),
    isIndexed: (field: string) =>
      [...uniques, ...indexed.map((index) => index.fields)].some(([first]) => first === field),
    has: (fields: ReadonlyArray<string>, unique: boolean) =>
      [...uniques, ...(unique ? [] : indexed.map((index) => index.fields))].some(
        (others) => others.join() === fields.join(),
      ),
    references: foreignKeys.map((key) => {
      const { columns, foreignColumns, foreignTable } = key.reference();
      return {
        fields: fieldsOf(columns),
        model: modelOf(foreignTable),
        foreign: foreignColumns.map(
          (column) => Object.entries(getColumns(foreignTable)).find(([, other]) => other.name === column.name)?.[0],
        ),
        onDelete: key.onDelete ?? "no action",
      };
    }),
  };
};

const typeOf = (model: string, field: string, { bigint, references, type }: DBFieldAttribute): string => {
  if (references?.field === "id" || undeclaredReferences[model]?.[field] !== undefined) return "uuid";
  switch (type) {
    case "string":
      return "text";
    case "number":
      return bigint === true ? "bigint" : "integer";
    case "boolean":
      return "boolean";
    case "date":
      return "timestamp (3) with time zone";
    case "json":
      return "jsonb";
    case "string[]":
      return "text[]";
    default:
      return `of the type ${String(type)}, for which there is no rule yet`;
  }
};

const compareField = (
  model: string,
  field: string,
  attribute: DBFieldAttribute,
  table: ReturnType<typeof describe>,
) => {
  const column = table.columns[attribute.fieldName ?? field];
  if (column === undefined) return [`${model}.${field} is missing`];
  const name = `${model}.${field}`;
  const found: Array<string> = [];
  const type = typeOf(model, field, attribute);
  const is = `${column.getSQLType()}${"[]".repeat(column.dimensions ?? 0)}`;
  if (is !== type) found.push(`${name} is ${is} and not ${type}`);
  const required = attribute.required !== false;
  if (column.notNull !== required) found.push(`${name} is ${column.notNull ? "required" : "not required"}`);
  if (table.isUnique(field) !== (attribute.unique ?? false)) {
    found.push(`${name} is ${table.isUnique(field) ? "unique" : "not unique"}`);
  }
  if (attribute.index === true && !table.isIndexed(field)) found.push(`${name} is not the first of an index`);

  const { references } = attribute;
  const wanted = references && `${references.model}.${references.field}, ${references.onDelete ?? "cascade"}`;
  const reference = table.references.find(({ fields }) => fields.at(-1) === field);
  const target = reference && `${reference.model}.${reference.foreign.at(-1)}, ${reference.onDelete}`;
  if (target !== wanted) {
    found.push(target === undefined ? `${name} does not refer to ${wanted}` : `${name} refers to ${target}`);
  }
  if (reference !== undefined && reference.fields.length > 1) {
    found.push(`${name} refers to ${reference.foreign.slice(0, -1).join(", ")} of ${reference.model} too`);
  }
  return found;
};

/** Where our tables differ from what Better Auth says of its own, and how much of it they have. */
const compare = (schema: BetterAuthDBSchema) => {
  const models = Object.entries(schema);
  const differences = models.flatMap(([model, { fields, indexes = [] }]) => {
    const table = ours[model];
    if (table === undefined) return [`${model} is missing`];
    const description = describe(table);
    return [
      ...Object.entries(fields).flatMap(([field, attribute]) => compareField(model, field, attribute, description)),
      ...indexes
        .filter((index) => !description.has(index.fields, index.unique ?? false))
        .map((index) => `${model} has no ${index.unique ? "unique " : ""}index on ${index.fields.join(", ")}`),
      ...description.uniques
        .filter((unique) => unique.length > 1)
        .filter((unique) => !indexes.some((index) => index.unique && index.fields.join() === unique.join()))
        .map((unique) => `${model} is unique in ${unique.join(", ")}`),
      // What Better Auth does not write, the database or drizzle must.
      ...Object.entries(description.columns)
        .filter(([field, column]) => !(field in fields) && field !== "id" && column.notNull && !column.hasDefault)
        .map(([field]) => `${model}.${field} is required, and Better Auth does not know it`),
    ];
  });
  const fields = models.flatMap(([model, table]) =>
    Object.entries(table.fields).map(([field, { fieldName = field }]) => `${model}.${fieldName}`),
  );
  const columns = Object.entries(ours).flatMap(([model, table]) =>
    Object.keys(getColumns(table)).map((field) => `${model}.${field}`),
  );
  return {
    differences,
    fields: { covered: fields.filter((field) => columns.includes(field)).length, of: fields.length },
    tables: { covered: models.filter(([model]) => model in ours).length, of: models.length },
  };
};

layer(IamTest.postgres())((it) => {
  it.effect(
    "ALN-3: every table and field of Better Auth's has its column, but for the differences that are meant",
    () =>
      Effect.gen(function* () {
        const { differences, fields, tables } = compare((yield* authTables)());
        // Not Effect's console, which a test keeps to itself.
        console.log(
          `fields covered ${fields.covered} of ${fields.of}, tables ${tables.covered} of ${tables.of}, ` +
            `${differences.length} differences, each with its reason`,
        );
        assert.deepStrictEqual(differences.toSorted(), Object.keys(deliberate).toSorted());
        assert.strictEqual(fields.covered, fields.of);
        assert.strictEqual(tables.covered, tables.of);
        assert.strictEqual(tables.of, Object.keys(ours).length, "no table is said to be Better Auth's that is not");
      }),
  );

  it.effect("ALN-3: what an upgrade adds or changes is seen", () =>
    Effect.gen(function* () {
      const schemaWith = yield* authTables;
      const schema = schemaWith([
        {
          id: "upgrade",
          schema: {
            gadget: { fields: { name: { type: "string" } } },
            user: {
              fields: {
                nickname: { type: "string", required: false },
                image: { type: "string", required: true },
                name: { type: "string", unique: true },
                banReason: { type: "number", required: false },
              },
              indexes: [{ fields: ["name", "emailVerified"], unique: true }],
            },
            session: {
              fields: {
                userAgent: { type: "string", required: false, index: true },
                ipAddress: { type: "string", required: false, references: { model: "user", field: "id" } },
                userId: { type: "string", references: { model: "user", field: "id", onDelete: "set null" } },
              },
            },
          },
        },
      ]);
      const { differences, fields, tables } = compare(schema);
      const seen = differences.filter((difference) => !(difference in deliberate));
      assert.sameMembers(seen, [
        "gadget is missing",
        "user.nickname is missing",
        "user.image is not required",
        "user.name is not unique",
        "user.banReason is text and not integer",
        "user has no unique index on name, emailVerified",
        "session.userAgent is not the first of an index",
        "session.ipAddress is text and not uuid",
        "session.ipAddress does not refer to user.id, cascade",
        "session.userId refers to user.id, cascade",
      ]);
      assert.strictEqual(fields.of - fields.covered, 2);
      assert.strictEqual(tables.of - tables.covered, 1);
    }),
  );
});
