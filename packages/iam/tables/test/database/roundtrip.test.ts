/** Whether what a model says may be inserted comes back from its table as it went in. */

import { inspect } from "node:util";
import * as entities from "@beep/iam-domain/entities";
import { IamDbSchema } from "@beep/iam-tables";
import { Digest, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq, getColumns } from "drizzle-orm";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import { getTableConfig, type PgColumn, type PgTable } from "drizzle-orm/pg-core";
import * as Arbitrary from "effect/Arbitrary";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Equal from "effect/Equal";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as SqlClient from "effect/sql/SqlClient";
import type { Statement } from "effect/sql/Statement";

type Row = Readonly<Record<string, unknown>>;

interface Entity {
  readonly name: string;
  readonly insert: Schema.Codec<Row, Row>;
  readonly select: Schema.Codec<Row, Row>;
  readonly table: PgTable & { readonly id: PgColumn };
}

const tables: Readonly<Record<string, unknown>> = IamDbSchema;

const all = Object.entries(entities).map(
  ([name, { Model }]): Entity => ({
    name,
    // That each agrees with its table `_check.ts` proves; here they are all alike.
    insert: Model.insert as unknown as Entity["insert"],
    select: Model.select as unknown as Entity["select"],
    table: tables[name.charAt(0).toLowerCase() + name.slice(1)] as Entity["table"],
  }),
);

/** Rows to refer to, by the names of their tables. */
const parents = {
  iam_organizations: { id: SharedEntityIds.OrganizationId.create(), name: "parent", slug: "parent" },
  iam_users: { id: SharedEntityIds.UserId.create(), name: "parent", email: "parent" },
  iam_teams: { id: SharedEntityIds.TeamId.create(), name: "parent" },
  iam_members: { id: IamEntityIds.MemberId.create() },
  iam_sessions: { id: IamEntityIds.SessionId.create(), token: Digest.make("p".repeat(43)), expiresAt: new Date() },
  iam_oauth_clients: { id: IamEntityIds.OauthClientId.create(), clientId: "parent", redirectUris: [] },
  iam_oauth_resources: { id: IamEntityIds.OauthResourceId.create(), identifier: "parent", name: "parent" },
  iam_oauth_refresh_tokens: {
    id: IamEntityIds.OauthRefreshTokenId.create(),
    token: "parent",
    clientId: "parent",
    expiresAt: new Date(),
    scopes: [],
  },
  iam_scim_managed_connections: {
    id: IamEntityIds.ScimManagedConnectionId.create(),
    creationRequestId: "parent",
    connectionId: "parent",
    status: "active",
    revision: 0,
    createdBy: "parent",
  },
  iam_scim_users: {
    id: IamEntityIds.ScimUserId.create(),
    connectionId: "parent",
    connectionUserKey: "parent",
    userName: "parent",
    userNameKey: "parent",
    primaryEmail: "parent",
    workEmailValueIndex: "parent",
    emailValueIndex: "parent",
    displayName: "parent",
    formattedName: "parent",
    serializedEmails: "parent",
    active: true,
    orderKey: "parent",
  },
  iam_scim_groups: {
    id: IamEntityIds.ScimGroupId.create(),
    connectionId: "parent",
    displayName: "parent",
    displayNameKey: "parent",
    orderKey: "parent",
  },
  iam_applications: { id: IamEntityIds.ApplicationId.create(), key: "parent", name: "parent" },
  iam_webhook_subscriptions: {
    id: IamEntityIds.WebhookSubscriptionId.create(),
    url: "parent",
    secret: `sealed:1:${IamEntityIds.DataKeyId.create()}:${"p".repeat(38)}`,
    fromIndex: 0,
  },
} as const;

/** What a row must also be, by a check over several of its columns that no field can state. */
const consistent: Readonly<Record<string, (row: Row) => Row>> = {
  AuthorizationModel: (row) => ({ ...row, number: Math.max(1, Number(row.number)) }),
  DataKey: (row) =>
    row.destroyedAt === undefined || row.destroyedAt === null
      ? { ...row, wrappedKey: row.wrappedKey ?? "wrapped", keyVersion: row.keyVersion ?? "1" }
      : { ...row, wrappedKey: null, keyVersion: null },
  SigningKey: (row) => {
    const { expiresAt, retiresAt } = row;
    if (!DateTime.isDateTime(retiresAt) || !DateTime.isDateTime(expiresAt)) {
      return { ...row, retiresAt: null, expiresAt: null };
    }
    return { ...row, retiresAt: DateTime.min(retiresAt, expiresAt), expiresAt: DateTime.max(retiresAt, expiresAt) };
  },
  // It is one or the other, and both secrets or neither.
  WebhookDelivery: (row) => (typeof row.deliveredAt === "object" ? { ...row, deadAt: null } : row),
  WebhookSubscription: (row) => ({ ...row, previousSecret: null, previousUntil: null }),
};

const asService = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (client) =>
    client.withTransaction(Effect.andThen(client`set local role iam_service`, effect)),
  );

const withParents = Layer.effectDiscard(
  Effect.gen(function* () {
    const db = yield* makeWithDefaults();
    const {
      iam_organizations: { id: organizationId },
      iam_users: { id: userId },
    } = parents;
    const provisioningDomainId = organizationId;
    yield* asService(
      Effect.gen(function* () {
        yield* db.insert(IamDbSchema.organization).values(parents.iam_organizations);
        yield* db.insert(IamDbSchema.user).values(parents.iam_users);
        yield* db.insert(IamDbSchema.team).values({ ...parents.iam_teams, organizationId });
        yield* db.insert(IamDbSchema.session).values({ ...parents.iam_sessions, userId });
        // Of another user, because one is a member once.
        const other = { id: SharedEntityIds.UserId.create(), name: "member", email: "member" };
        yield* db.insert(IamDbSchema.user).values(other);
        yield* db.insert(IamDbSchema.member).values({ ...parents.iam_members, organizationId, userId: other.id });
        const { oauthClient, oauthRefreshToken, oauthResource } = IamDbSchema;
        yield* db.insert(oauthClient).values({ ...parents.iam_oauth_clients, redirectUris: [] });
        yield* db.insert(oauthResource).values(parents.iam_oauth_resources);
        yield* db.insert(oauthRefreshToken).values({ ...parents.iam_oauth_refresh_tokens, userId, scopes: [] });
        yield* db
          .insert(IamDbSchema.scimManagedConnection)
          .values({ ...parents.iam_scim_managed_connections, provisioningDomainId });
        yield* db.insert(IamDbSchema.scimUser).values({ ...parents.iam_scim_users, provisioningDomainId, userId });
        yield* db.insert(IamDbSchema.scimGroup).values({ ...parents.iam_scim_groups, provisioningDomainId });
        yield* db.insert(IamDbSchema.application).values(parents.iam_applications);
        yield* db
          .insert(IamDbSchema.webhookSubscription)
          .values({ ...parents.iam_webhook_subscriptions, organizationId, actions: [] });
      }),
    );
  }),
);

/** The fields that refer to another row, with what that row has there. */
const referencesOf = (table: PgTable): Row => {
  const columns = Object.entries(getColumns(table));
  return Object.fromEntries(
    getTableConfig(table).foreignKeys.flatMap((key) => {
      const { columns: from, foreignColumns, foreignTable } = key.reference();
      const parent: Row = parents[getTableConfig(foreignTable).name as keyof typeof parents];
      const field = columns.find(([, column]) => column.name === from.at(-1)?.name)?.[0];
      const target = Object.entries(getColumns(foreignTable)).find(
        ([, column]) => column === foreignColumns.at(-1),
      )?.[0];
      return field === undefined || target === undefined ? [] : [[field, parent[target]]];
    }),
  );
};

/** A value as it is equal to itself after JSON: there is no -0 there, and no other prototype. */
const comparable = (column: PgColumn | undefined, value: unknown): unknown =>
  column?.getSQLType() === "jsonb" ? JSON.parse(JSON.stringify(value)) : value;

for (const database of IamTest.serverAndEmbedded) {
  layer(Layer.provideMerge(withParents, database.layer))(`on ${database.name}`, (it) => {
    for (const { insert, name, select, table } of all) {
      const references = referencesOf(table);
      const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
      it.effect.prop(
        `ALN-4: ${name} survives insert, select and decode`,
        [Arbitrary.schema(insert)],
        ([generated]) =>
          Effect.gen(function* () {
            const db = yield* makeWithDefaults();
            // A reference that is left out stays so, but for the organization, which the scope would state.
            const filled = Object.entries(references).filter(
              ([field]) =>
                (field === "organizationId" && columns[field]?.notNull === true) ||
                (generated[field] !== undefined && generated[field] !== null),
            );
            const value: Row = (consistent[name] ?? ((row) => row))({ ...generated, ...Object.fromEntries(filled) });
            const encoded = yield* Schema.encodeEffect(insert)(value);
            let found: ReadonlyArray<unknown> = [];
            yield* asService(
              Effect.gen(function* () {
                const [written] = yield* db.insert(table).values(encoded).returning({ id: table.id });
                found = yield* db.select().from(table).where(eq(table.id, written?.id));
                return yield* Effect.fail("undo" as const);
              }),
            ).pipe(
              Effect.catchIf(
                (error) => error === "undo",
                () => Effect.void,
              ),
            );
            assert.lengthOf(found, 1);
            const selected = yield* Schema.decodeUnknownEffect(select)(found[0]);
            for (const [field, expected] of Object.entries(value)) {
              if (expected === undefined) continue;
              const [left, right] = [selected[field], expected].map((one) => comparable(columns[field], one));
              assert.isTrue(Equal.equals(left, right), inspect({ field, left, right }));
            }
          }),
        { arbitrary: { runs: 20 } },
      );
    }

    it.effect("ALN-4: what the database would refuse, or give back otherwise, the models refuse", () =>
      Effect.gen(function* () {
        const client = yield* SqlClient.SqlClient;
        const survives = <A>(value: A, select: (value: A) => Statement<{ same: boolean }>) =>
          select(value).pipe(
            Effect.map(([row]) => row?.same === true),
            Effect.orElseSucceed(() => false),
          );
        const decodes = (schema: Schema.Codec<unknown, unknown>, value: unknown) =>
          Effect.isSuccess(Schema.decodeUnknownEffect(schema)(value));

        const { email } = entities.User.Model.insert.fields;
        for (const [text, fits] of [
          ["", true],
          ["\u{1F600} \uFFFD \n", true],
          ["\0", false],
          ["\uD83D", false],
        ] as const) {
          const points = [...text].map((character) => character.codePointAt(0) ?? 0);
          assert.strictEqual(
            yield* survives(
              text,
              (value) => client`select array_to_string(array(
              select ascii(c) from regexp_split_to_table(${value}::text, '') c where c <> ''), ',') = ${points.join()} as same`,
            ),
            fits,
          );
          assert.strictEqual(yield* decodes(email, text), fits);
        }

        const { expiresAt } = entities.Session.Model.insert.fields;
        for (const [time, fits] of [
          ["0001-01-01T00:00:00.000Z", true],
          ["9999-12-31T23:59:59.999Z", true],
          ["0000-12-31T23:59:59.999Z", false],
          ["+010000-01-01T00:00:00.000Z", false],
        ] as const) {
          const date = new Date(time);
          assert.strictEqual(
            yield* survives(
              date,
              (value) => client`
              select extract(epoch from ${value.toISOString()}::timestamptz(3)) * 1000 = ${date.getTime()}::numeric as same`,
            ),
            fits,
          );
          assert.strictEqual(yield* decodes(expiresAt, date), fits);
        }
      }),
    );
  });
}
