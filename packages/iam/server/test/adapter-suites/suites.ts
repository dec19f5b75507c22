/**
 * Better Auth's own adapter suites, over our adapter on PostgreSQL. A suite changes the options from test to test, and
 * the tables follow them by migrations, as those of an application would.
 */
import { Migrations } from "@beep/db-admin";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import type { BetterAuthOptions } from "@better-auth/core";
import type { DBAdapter, Where } from "@better-auth/core/db/adapter";
import { testAdapter } from "@better-auth/test-utils/adapter";
import { PgClient } from "@effect/sql-pg/PgClient";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api-postgres";
import { getTableConfig } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as ManagedRuntime from "effect/ManagedRuntime";
import { afterAll } from "vitest";
import { makeAdapter } from "../../src/auth/adapter.ts";
import type { Models } from "../../src/auth/models.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { extended } from "./models.ts";

const tableNames = Object.values(IamDbSchema).map((table) => getTableConfig(table).name);

const { UserId } = SharedEntityIds;

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of a model over a uuid; whatever is none stays what it is. */
const idOver = (Id: Models["ids"][string] | undefined, value: unknown): unknown =>
  Id !== undefined && typeof value === "string" && uuidPattern.test(value) ? Id.fromUuid(value) : value;

type TransactionAdapter = Parameters<Parameters<DBAdapter["transaction"]>[0]>[0];

/**
 * The suites make ids without saying of which model. They are made uuids, and on the way in ids of the model over those:
 * what is stored, and what comes out, are our ids.
 */
const takingUuids = (adapter: DBAdapter, ids: Models["ids"]): DBAdapter => {
  const taking = <A extends TransactionAdapter>(adapter: A): A => {
    const { create, delete: remove, findMany, findOne } = adapter;
    const where = <Input extends { readonly model: string; readonly where?: Where[] | undefined }>(input: Input) => ({
      ...input,
      ...(input.where && {
        where: input.where.map((one) =>
          one.field === "id" ? { ...one, value: idOver(ids[input.model], one.value) as Where["value"] } : one,
        ),
      }),
    });
    return Object.assign(adapter, {
      create: (input: Parameters<typeof create>[0]) =>
        create({
          ...input,
          data:
            "id" in input.data ? { ...input.data, id: idOver(ids[input.model], input.data.id) } : input.data,
        }),
      findOne: (input: Parameters<typeof findOne>[0]) => findOne(where(input)),
      findMany: (input: Parameters<typeof findMany>[0]) => findMany(where(input)),
      delete: (input: Parameters<typeof remove>[0]) => remove(where(input)),
    });
  };
  const { transaction } = adapter;
  return Object.assign(taking(adapter), {
    transaction: ((run) => transaction((inner) => run(taking(inner)))) satisfies DBAdapter["transaction"],
  });
};

/** The options as this package composes them where ids are made: of the model, and of its own form. */
const withOurIds = (options: BetterAuthOptions, ids: Models["ids"]): BetterAuthOptions => {
  const theirs = options.advanced?.database?.generateId;
  return {
    ...options,
    advanced: {
      ...options.advanced,
      database: {
        ...options.advanced?.database,
        generateId: ({ model, size }) => {
          const made = typeof theirs === "function" ? idOver(ids[model], theirs({ model, size })) : ids[model]?.create();
          if (typeof made !== "string") throw new Error(`There is no id for ${model}.`);
          return made;
        },
      },
    },
  };
};

/** A database of the file's own, with our tables, and the adapter over it. */
export const prepare = async () => {
  const runtime = ManagedRuntime.make(IamTest.postgres());
  afterAll(() => runtime.dispose());
  const connection = await runtime.runPromise(ServiceConnection);

  const ours = await generateDrizzleJson(IamDbSchema);
  let current = ours;
  const run = (statements: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const owner = yield* connect((yield* TestDatabase).ownerUrl);
      yield* owner.withTransaction(
        Effect.gen(function* () {
          // A column that is required can be added only where there are no rows.
          yield* owner.unsafe(`truncate ${tableNames.join(", ")} cascade`);
          for (const statement of statements) yield* owner.unsafe(statement);
          yield* Effect.provideService(Migrations.harden, PgClient, owner);
        }),
      );
    }).pipe(Effect.scoped);

  /** Takes away what the last options added, and then adds what these want: drizzle-kit would ask whether it is renamed. */
  const migrate = async (options: BetterAuthOptions): Promise<void> => {
    const wanted = await generateDrizzleJson(extended(options).schema);
    const statements = [...(await generateMigration(current, ours)), ...(await generateMigration(ours, wanted))];
    if (statements.length > 0) await runtime.runPromise(run(statements));
    current = wanted;
  };

  const models = new WeakMap<BetterAuthOptions, ReturnType<typeof extended>>();
  const modelsOf = (options: BetterAuthOptions) => {
    const known = models.get(options) ?? extended(options);
    models.set(options, known);
    return known;
  };

  /** Registers suites with vitest, where it is called in a `describe`. */
  const register = async (tests: Parameters<typeof testAdapter>[0]["tests"]): Promise<void> => {
    const { execute } = await testAdapter({
      adapter: (options) => {
        const served = modelsOf(options);
        return () => takingUuids(makeAdapter(connection, served)(withOurIds(options, served.ids)), served.ids);
      },
      runMigrations: migrate,
      tests,
      customIdGenerator: () => crypto.randomUUID(),
      transformIdOutput: (id) => idOver(UserId, id),
    });
    execute();
  };

  return { connection, register };
};
