/** Whether what a model says may be inserted comes back from its table as it went in. */
import * as entities from "@beep/iam-domain/entities";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { eq, getColumns } from "drizzle-orm";
import { makeWithDefaults } from "drizzle-orm/effect-postgres";
import { getTableConfig, type PgColumn, type PgTable } from "drizzle-orm/pg-core";
import * as Arbitrary from "effect/Arbitrary";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as SqlClient from "effect/sql/SqlClient";

type Row = Readonly<Record<string, unknown>>;

interface Entity {
  readonly name: string;
  readonly insert: Schema.Codec<Row, Row>;
  readonly select: Schema.Codec<Row, Row>;
  readonly table: PgTable & { readonly id: PgColumn };
}

const tables: Readonly<Record<string, unknown>> = IamDbSchema;

// That each of them agrees with its table, `_check.ts` proves; here they are all alike.
const all = Object.entries(entities).map(([name, { Model }]): Entity => ({
  name,
  insert: Model.insert as unknown as Entity["insert"],
  select: Model.select as unknown as Entity["select"],
  table: tables[name.charAt(0).toLowerCase() + name.slice(1)] as Entity["table"],
}));

/** Rows to refer to, by the names of their tables. */
const parents = {
  iam_organizations: SharedEntityIds.OrganizationId.create(),
  iam_teams: SharedEntityIds.TeamId.create(),
  iam_users: SharedEntityIds.UserId.create(),
};

const asService = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(SqlClient.SqlClient, (client) =>
    client.withTransaction(Effect.andThen(client`set local role iam_service`, effect)),
  );

const withParents = Layer.effectDiscard(
  Effect.gen(function* () {
    const db = yield* makeWithDefaults();
    const { iam_organizations: organizationId, iam_teams: teamId, iam_users: userId } = parents;
    yield* asService(
      Effect.gen(function* () {
        yield* db.insert(IamDbSchema.organization).values({ id: organizationId, name: "parent", slug: "parent" });
        yield* db.insert(IamDbSchema.user).values({ id: userId, name: "parent", email: "parent" });
        yield* db.insert(IamDbSchema.team).values({ id: teamId, organizationId, name: "parent" });
      }),
    );
  }),
);

/** The fields that refer to another row, with that row's id. */
const referencesOf = (table: PgTable): Row => {
  const columns = Object.entries(getColumns(table));
  return Object.fromEntries(
    getTableConfig(table).foreignKeys.flatMap((key) => {
      const { columns: from, foreignTable } = key.reference();
      const parent = parents[getTableConfig(foreignTable).name as keyof typeof parents];
      const field = columns.find(([, column]) => column.name === from.at(-1)?.name)?.[0];
      return field === undefined ? [] : [[field, parent]];
    }),
  );
};

for (const database of IamTest.databases.filter(({ name }) => name !== "PostgreSQL 15")) {
  layer(Layer.provideMerge(withParents, database.layer))(`on ${database.name}`, (it) => {
    for (const { insert, name, select, table } of all) {
      const references = referencesOf(table);
      it.effect.prop(
        `ALN-4: ${name} survives insert, select and decode`,
        [Arbitrary.schema(insert)],
        ([generated]) =>
          Effect.gen(function* () {
            const client = yield* SqlClient.SqlClient;
            const db = yield* makeWithDefaults();
            // A reference that is left out stays so, but for the organization, which the scope would state.
            const filled = Object.entries(references).filter(
              ([field]) => field === "organizationId" || (generated[field] !== undefined && generated[field] !== null),
            );
            const value: Row = { ...generated, ...Object.fromEntries(filled) };
            const encoded = yield* Schema.encodeEffect(insert)(value);
            let found: ReadonlyArray<unknown> = [];
            yield* asService(
              Effect.gen(function* () {
                const [written] = yield* db.insert(table).values(encoded).returning({ id: table.id });
                found = yield* db.select().from(table).where(eq(table.id, written?.id));
                return yield* Effect.fail("undo" as const);
              }),
            ).pipe(Effect.catchIf((error) => error === "undo", () => Effect.void));
            assert.lengthOf(found, 1);
            const selected = yield* Schema.decodeUnknownEffect(select)(found[0]);
            for (const [field, expected] of Object.entries(value)) {
              if (expected !== undefined) assert.deepStrictEqual(selected[field], expected, field);
            }
          }),
        { arbitrary: { runs: 40 } },
      );
    }
  });
}
