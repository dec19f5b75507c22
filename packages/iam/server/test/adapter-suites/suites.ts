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
import { getTableConfig } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as ManagedRuntime from "effect/ManagedRuntime";
import { afterAll, beforeAll, describe, vi } from "vitest";
import { makeAdapter } from "../../src/auth/adapter.ts";
import { type Models, models as served } from "../../src/auth/models.ts";
import { Presented } from "../../src/auth/presented.ts";
import * as promises from "../../src/auth/promises.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { means } from "../auth/means.ts";
import { type Extended, extended } from "./models.ts";

type Suites = Parameters<typeof testAdapter>[0]["tests"];

/** A database of the file's own with our tables, and the suites over it. To be awaited before a file registers tests. */
export const prepare = async () => {
  const runtime = ManagedRuntime.make(IamTest.postgres());
  afterAll(() => runtime.dispose());
  const connection = await runtime.runPromise(ServiceConnection);
  const kept = await runtime.runPromise(means);

  const extensions = new WeakMap<BetterAuthOptions, Extended>();
  const extensionOf = (options: BetterAuthOptions): Extended => {
    const known = extensions.get(options) ?? extended(options);
    extensions.set(options, known);
    return known;
  };
  const migrate = migrating((statements) => runtime.runPromise(changed(statements)));

  /** Registers suites with vitest, under the names that they are given. */
  const register = (suites: Readonly<Record<string, Suites[number]>>): void => {
    for (const [name, suite] of Object.entries(suites)) {
      describe(name, async () => {
        beforeAll(() => {
          // How long each migration took, and what else the suites have to say.
          const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
          return () => log.mockRestore();
        });
        const { execute } = await testAdapter({
          adapter: (options) => {
            const models = extensionOf(options);
            return () =>
              asOneCall(takingUuids(makeAdapter(connection, kept, models)(withIds(options, models.ids)), models.ids));
          },
          runMigrations: (options) => migrate(extensionOf(options).schema),
          // Without what it warns of: that no address is set, and that somebody has no right password.
          overrideBetterAuthOptions: () => ({ baseURL: "http://localhost", logger: { level: "error" } }),
          tests: [suite],
          customIdGenerator: () => crypto.randomUUID(),
          transformIdOutput: (id) => idOver(SharedEntityIds.UserId, id),
        });
        execute();
      });
    }
  };

  return { connection, kept, register, runtime };
};

/**
 * Migrates to tables, from those that it migrated to before: first back to ours and then on, because of what goes and
 * what comes in one step drizzle-kit would ask whether it is renamed.
 */
const migrating = (run: (statements: ReadonlyArray<string>) => Promise<void>) => {
  let current: Extended["schema"] = IamDbSchema;
  return async (wanted: Extended["schema"]): Promise<void> => {
    const isOurs = (schema: typeof wanted) => Object.values(schema).every((table) => ourTables.has(table));
    if (isOurs(current) && isOurs(wanted)) return;
    // Takes seconds to load, and most files migrate nothing.
    const { generateDrizzleJson, generateMigration } = await import("drizzle-kit/api-postgres");
    const [before, ours, after] = await Promise.all(
      [current, IamDbSchema, wanted].map((schema) => generateDrizzleJson(schema)),
    );
    if (before === undefined || ours === undefined || after === undefined) throw new Error("There are three of them.");
    await run([...(await generateMigration(before, ours)), ...(await generateMigration(ours, after))]);
    current = wanted;
  };
};

const ourTables: ReadonlySet<unknown> = new Set(Object.values(IamDbSchema));

/** Changes the tables as their owner, and hardens them like every migration of an application's. */
const changed = (statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const owner = yield* connect((yield* TestDatabase).ownerUrl);
    // Those of models alone: what is recorded of them stays as it was written.
    const names = Object.values(served.tables).map((table) => getTableConfig(table).name);
    yield* owner.withTransaction(
      Effect.gen(function* () {
        // A column that is required can be added only where there are no rows.
        yield* owner.unsafe(`truncate ${names.join(", ")} cascade`);
        for (const statement of statements) yield* owner.unsafe(statement);
        yield* Effect.provideService(Migrations.harden, PgClient, owner);
      }),
    );
  }).pipe(Effect.scoped);

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of a model over a uuid; whatever is none stays what it is. */
const idOver = <Value>(Id: Models["ids"][string] | undefined, value: Value): Value | string =>
  Id !== undefined && typeof value === "string" && uuidPattern.test(value) ? Id.fromUuid(value) : value;

/** The options as this package composes them in what concerns ids: made of the model, in its own form. */
const withIds = (options: BetterAuthOptions, ids: Models["ids"]): BetterAuthOptions => {
  const theirs = options.advanced?.database?.generateId;
  const generateId = ({
    model,
    size,
  }: {
    readonly model: string;
    readonly size?: number | undefined;
  }): string | false => {
    if (typeof theirs !== "function") return ids[model]?.create() ?? false;
    return idOver(ids[model], theirs({ model, ...(size === undefined ? {} : { size }) }));
  };
  return { ...options, advanced: { ...options.advanced, database: { ...options.advanced?.database, generateId } } };
};

/** The suites are as one call of Better Auth's: what they have presented they are given back, where others see digests. */
const asOneCall = (adapter: DBAdapter): DBAdapter =>
  new Proxy(adapter, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...given: ReadonlyArray<unknown>) =>
        promises.having(Presented, presented, (): unknown => Reflect.apply(member, target, given));
    },
  });

const presented = new Map<string, string>();

type TransactionAdapter = Parameters<Parameters<DBAdapter["transaction"]>[0]>[0];

/**
 * The suites make ids without saying of which model. They are made uuids, and on the way in ids of the model over those:
 * what is stored, and what comes out, are our ids.
 */
const takingUuids = (outer: DBAdapter, ids: Models["ids"]): DBAdapter => {
  const taking = <A extends TransactionAdapter>(adapter: A): A => {
    const { create, delete: remove, findMany, findOne } = adapter;
    const found = <Input extends { readonly model: string; where?: Where[] | undefined }>(input: Input): Input =>
      input.where === undefined
        ? input
        : {
            ...input,
            where: input.where.map((one) =>
              one.field === "id" ? { ...one, value: idOver(ids[input.model], one.value) } : one,
            ),
          };
    return Object.assign(adapter, {
      create: ({ data, ...input }: Parameters<typeof create>[0]) =>
        create({ ...input, data: "id" in data ? { ...data, id: idOver(ids[input.model], data.id) } : data }),
      findOne: (input: Parameters<typeof findOne>[0]) => findOne(found(input)),
      findMany: (input: Parameters<typeof findMany>[0]) => findMany(found(input)),
      delete: (input: Parameters<typeof remove>[0]) => remove(found(input)),
    });
  };
  const { transaction } = outer;
  const inner: DBAdapter["transaction"] = (run) => transaction((adapter) => run(taking(adapter)));
  return Object.assign(taking(outer), { transaction: inner });
};
