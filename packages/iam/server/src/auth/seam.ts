/**
 * The one place through which everything passes that Better Auth reads and writes, plugins included: a decorator of its
 * database adapter. Here ids are validated, what the database's constraints refuse becomes an answer with a code, and
 * writes that may fail without harm get a savepoint.
 */
import { SqlState } from "@beep/db-admin";
import { APIError } from "@better-auth/core/error";
import type { BetterAuthOptions } from "@better-auth/core";
import { getAuthTables } from "@better-auth/core/db";
import type { DBAdapter } from "@better-auth/core/db/adapter";
import { ids, undeclaredReferences } from "./models.ts";

type Transaction = DBAdapter["transaction"];
type TransactionAdapter = Parameters<Parameters<Transaction>[0]>[0];

export interface Options {
  readonly savepoint: <A>(run: () => Promise<A>) => Promise<A>;
}

/**
 * Models whose creation Better Auth lets fail on a unique constraint and then goes on in the same transaction, which
 * PostgreSQL would have broken off: two additions of one team member at once.
 */
const mayCollide: ReadonlySet<string> = new Set(["teamMember"]);

/** Decorates an adapter's factory. */
export const seam =
  (factory: (options: BetterAuthOptions) => DBAdapter, { savepoint }: Options) =>
  (options: BetterAuthOptions): DBAdapter => {
    const references = referencesOf(options);

    // In place, because Better Auth has registered its schema checks on this very object.
    const decorate = <A extends TransactionAdapter>(adapter: A): A => {
      const { create, findOne, findMany, count, update, updateMany, delete: remove, deleteMany, consumeOne, incrementOne } =
        adapter;
      return Object.assign(adapter, {
        create: async (input: Parameters<typeof create>[0]) => {
          checkValues(input.model, input.data);
          return answering(mayCollide.has(input.model) ? savepoint(() => create(input)) : create(input));
        },
        findOne: checked(findOne),
        findMany: checked(findMany),
        count: checked(count),
        update: checked(update),
        updateMany: checked(updateMany),
        delete: checked(remove),
        deleteMany: checked(deleteMany),
        consumeOne: checked(consumeOne),
        incrementOne: checked(incrementOne),
      });
    };

    interface Statement {
      readonly model: string;
      readonly where?: ReadonlyArray<{ readonly field: string; readonly value: unknown }> | undefined;
      readonly update?: Readonly<Record<string, unknown>>;
      readonly set?: Readonly<Record<string, unknown>> | undefined;
    }

    const checked =
      <Input extends Statement, Output>(method: (input: Input) => Promise<Output>) =>
      async (input: Input): Promise<Output> => {
        for (const { field, value } of input.where ?? []) check(input.model, field, value);
        checkValues(input.model, input.update);
        checkValues(input.model, input.set);
        return answering(method(input));
      };

    const checkValues = (model: string, values: Readonly<Record<string, unknown>> | undefined): void => {
      for (const [field, value] of Object.entries(values ?? {})) check(model, field, value);
    };

    const check = (model: string, field: string, value: unknown): void => {
      const Id = ids[references[model]?.[field] ?? ""];
      if (Id === undefined || value === null || value === undefined) return;
      for (const candidate of Array.isArray(value) ? value : [value]) {
        if (!Id.is(candidate)) {
          throw new APIError("BAD_REQUEST", {
            code: "INVALID_ID",
            message: `"${field}" is not an id of the form ${Id.prefix}_….`,
          });
        }
      }
    };

    const adapter = decorate(factory(options));
    const { transaction } = adapter;
    const decorated: Transaction = (run) => transaction((inner) => run(decorate(inner)));
    return Object.assign(adapter, { transaction: decorated });
  };

/** Answers what the database's constraints refuse: a race that was lost, or a value that no column takes. */
const answering = async <A>(statement: Promise<A>): Promise<A> => {
  try {
    return await statement;
  } catch (error) {
    const state = SqlState.of(error);
    if (state === SqlState.uniqueViolation) {
      throw new APIError("CONFLICT", { code: "ALREADY_EXISTS", message: "It exists already." });
    }
    if (state === SqlState.foreignKeyViolation) {
      throw new APIError("CONFLICT", { code: "REFERENCE_GONE", message: "What it refers to does not exist any more." });
    }
    if (SqlState.isRefusedValue(error)) {
      throw new APIError("BAD_REQUEST", { code: "INVALID_VALUE", message: "A value cannot be stored." });
    }
    throw error;
  }
};

/** For each model, the fields that hold ids, and of which model. */
const referencesOf = (options: BetterAuthOptions): Readonly<Record<string, Readonly<Record<string, string>>>> =>
  Object.fromEntries(
    Object.entries(getAuthTables(options)).map(([model, { fields }]) => {
      const declared = Object.entries(fields).flatMap(([field, { references }]) =>
        references?.field === "id" ? [[field, references.model]] : [],
      );
      return [model, { id: model, ...Object.fromEntries(declared), ...undeclaredReferences[model] }];
    }),
  );
