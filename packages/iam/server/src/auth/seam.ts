/**
 * The one place through which everything passes that Better Auth reads and writes, plugins included: a decorator of its
 * database adapter. Here ids and values are validated, an endpoint sees the rows of one organization, secrets are sealed and
 * looked up by their digests, what the database's constraints refuse becomes an answer with a code, and writes that may fail
 * without harm get a savepoint.
 */
import { SqlState } from "@beep/db-admin";
import { AccessControl } from "@beep/iam-domain";
import type { EntityId } from "@beep/shared-domain";
import type { BetterAuthOptions } from "@better-auth/core";
import { getAuthTables } from "@better-auth/core/db";
import type { DBAdapter, Where } from "@better-auth/core/db/adapter";
import { APIError } from "@better-auth/core/error";
import * as Clock from "effect/Clock";
import * as DigestIds from "./digestIds.ts";
import { changesOwner, hasSealed, type Known, type Means, makeKeeper } from "./keeping.ts";
import { invalidId, invalidValue } from "./malformed.ts";
import { createId, type Models, undeclaredReferences } from "./models.ts";
import * as promises from "./promises.ts";
import type { Plan, Row } from "./secrets.ts";
import { currentSight } from "./sight.ts";

type Transaction = DBAdapter["transaction"];
type TransactionAdapter = Parameters<Parameters<Transaction>[0]>[0];

/** Models whose ids a client may ask for in any form, because its protocol does not say which they have. */
const opaque: ReadonlySet<string> = new Set(["scimGroup", "scimUser"]);

/** An id of an opaque model that is none, as one that no row has. */
const withIdOfNobody = (Id: EntityId.Any | undefined, part: Where): Where => {
  const { value } = part;
  const isId = (id: unknown) => Id?.is(id) === true;
  return { ...part, value: Array.isArray(value) ? value.map(String).filter(isId) : isId(value) ? value : null };
};

/** As many rows as one statement may ask for: of each an id may be a parameter of the next. */
const MOST_ROWS = 50_000;

/**
 * Lets an endpoint about an organization have all rows that it asks for. Better Auth reads a hundred where it says no
 * number, and decides from them whether an owner is left, or what a role permits. Of ten thousand members only those
 * matter then who may be owners.
 */
const wholly = <Input extends { readonly model: string; readonly where: Where[]; readonly limit?: number | undefined }>(
  input: Input,
): Input => {
  const sight = currentSight();
  if (sight === undefined) return input;
  // Users are looked up by the ids of members, and the number that goes with it may be smaller than that of the ids.
  const limit = input.model === "user" ? MOST_ROWS : Math.min(input.limit ?? MOST_ROWS, MOST_ROWS);
  if (input.model !== "member" || !sight.seeksOwners) return { ...input, limit };
  const owners: Where = { field: "role", operator: "contains", value: AccessControl.ownerRole };
  return { ...input, where: [...input.where, owners], limit: MOST_ROWS };
};

/** How writes of several statements run. */
export interface Runs {
  /** In a savepoint of the open transaction, or in a transaction. */
  readonly savepoint: <A>(run: () => Promise<A>) => Promise<A>;
  /** As part of the open transaction, or in a transaction. */
  readonly together: <A>(run: () => Promise<A>) => Promise<A>;
}

/**
 * Decorates an adapter's factory.
 *
 * @param ids the ids of each model
 * @param means by which secrets are kept
 */
export const seam =
  (
    factory: (options: BetterAuthOptions) => DBAdapter,
    { savepoint, together }: Runs,
    ids: Models["ids"],
    means: Means,
  ) =>
  (options: BetterAuthOptions): DBAdapter => {
    const fields = fieldsOf(options, ids);
    const keeper = makeKeeper(means, options);
    const fieldOf = (model: string, field: string): Field | undefined => fields.get(model)?.get(field);
    const hasOrganization = (model: string): boolean => fieldOf(model, "organizationId") !== undefined;

    // In place, because Better Auth has registered its schema checks on this very object.
    const decorate = <A extends TransactionAdapter>(adapter: A): A => {
      const {
        create,
        findOne,
        findMany,
        count,
        update,
        updateMany,
        delete: remove,
        deleteMany,
        consumeOne,
        incrementOne,
      } = adapter;
      /** The conditions of a statement, and what is demanded of the rows besides by the endpoint that runs. */
      const seen = (model: string, where: ReadonlyArray<Where> = []): Where[] => {
        const condition = hasOrganization(model) ? currentSight()?.condition(model) : undefined;
        return condition === undefined ? [...where] : [...where, condition];
      };
      /** The conditions with digests of what is looked up, and what each was made of. */
      const asked = (model: string, where: ReadonlyArray<Where>) => {
        const presented = new Map<string, string>();
        const plan = keeper.planOf(model);
        return { where: plan === undefined ? [...where] : keeper.asked(plan, where, presented), presented };
      };
      /** The conditions of a write. */
      const written = (model: string, where: ReadonlyArray<Where> | undefined) => asked(model, seen(model, where));
      /** The conditions of a search, with ids in the form in which they are kept. */
      const kept = (model: string, where: ReadonlyArray<Where> = []) =>
        asked(
          model,
          DigestIds.inConditions(model, ids[model], seen(model, where)).map((part) =>
            part.field === "id" && opaque.has(model) ? withIdOfNobody(ids[model], part) : part,
          ),
        );
      /** An invitation of the address that is too old makes room: of those that can be accepted there is one. */
      const cancelExpired = async ({ email, organizationId }: Readonly<Record<string, unknown>>) => {
        const now = new Date(await promises.leave(Clock.currentTimeMillis));
        const where: Where[] = [
          { field: "organizationId", value: String(organizationId) },
          { field: "email", value: String(email) },
          { field: "status", value: "pending" },
          { field: "expiresAt", operator: "lte", value: now },
        ];
        await checked(updateMany)({ model: "invitation", where, update: { status: "canceled" } });
      };
      /** Writes a row with secrets: first it has an id, so that it is known for which place they are sealed. */
      const createKeeping = async (plan: Plan, given: Parameters<typeof create>[0], data: Row, alone: boolean) => {
        const id = given.forceAllowId === true && typeof data.id === "string" ? data.id : newId(given.model);
        const row = { ...data, id };
        const run = async () => {
          const presented = new Map<string, string>();
          const values = keeper.digested(plan, row, presented);
          const sealed = await keeper.seal(plan, [{ row, values }]);
          const created = await create({ ...given, data: { ...sealed.values[0] }, forceAllowId: true });
          await keeper.give(keeper.readOf(given.model), [created], presented, sealed.known);
          return created;
        };
        return alone ? savepoint(run) : hasSealed(plan, row) ? together(run) : run();
      };
      /**
       * The updates that one becomes whose values are sealed, each of a row by itself: for its place and its owner. Inside
       * the transaction that makes them.
       */
      const updatesOf = async (
        plan: Plan,
        { model, where, values, most }: Updating,
      ): Promise<ReadonlyArray<Update>> => {
        const isCompared = ({ field }: Where) => plan.compared.has(keeper.fieldOf(model, field));
        const compared = where.filter(isCompared);
        const others = asked(
          model,
          where.filter((part) => !isCompared(part)),
        );
        const found = await findMany<Record<string, unknown>>({ model, where: others.where, limit: MOST_ROWS });
        const clear = found.map((row) => ({ ...row }));
        const moves = changesOwner(plan, values);
        if (compared.length > 0 || moves) await keeper.give(keeper.readOf(model), clear);
        const rows = found
          .map((row, index) => ({ row, clear: clear[index] ?? {} }))
          .filter(({ clear: opened }) =>
            compared.every((part) => matches(part, opened[keeper.fieldOf(model, part.field)])),
          )
          .slice(0, most);
        const digested = keeper.digested(plan, values, others.presented);
        const sealed = await keeper.seal(
          plan,
          rows.map(({ row, clear: opened }) => {
            const staying = moves ? [...plan.sealed.keys()].map((field) => [field, opened[field]] as const) : [];
            return { row: { ...row, ...values }, values: { ...Object.fromEntries(staying), ...digested } };
          }),
        );
        return rows.map(({ row }, index) => ({
          where: [
            ...others.where,
            { field: "id", value: String(row.id) },
            // Another may have written it meanwhile: what was sealed for one owner opens for no other.
            ...plan.owner.fields.flatMap((field) =>
              typeof row[field] === "string" ? [{ field, value: row[field] }] : [],
            ),
            ...compared.map(({ field }) => ({ field, value: String(row[keeper.fieldOf(model, field)]) })),
          ],
          values: { ...sealed.values[index] },
          known: sealed.known,
          presented: others.presented,
        }));
      };
      /** Whether an update is one that `updatesOf` has to take apart. */
      const isKeeping = (plan: Plan, where: ReadonlyArray<Where>, model: string, values: Row | undefined): boolean =>
        hasSealed(plan, values) ||
        (plan.sealed.size > 0 && changesOwner(plan, values)) ||
        where.some(({ field }) => plan.compared.has(keeper.fieldOf(model, field)));

      return Object.assign(adapter, {
        create: async (given: Parameters<typeof create>[0]) => {
          const { model } = given;
          const data = DigestIds.inValues(model, ids[model], given.data);
          checkValues(model, data);
          if (model === "invitation") await cancelExpired(data);
          const plan = keeper.planOf(model);
          // What is reserved by a digest collides when somebody else has reserved it.
          const alone = data !== given.data;
          if (plan !== undefined) return answering(createKeeping(plan, given, data, alone));
          const run = () => create({ ...given, data });
          return answering(alone ? savepoint(run) : run());
        },
        findOne: async <Row>(input: Parameters<typeof findOne>[0]) => {
          const { where, presented } = kept(input.model, input.where);
          const { more, select } = selecting(keeper.planOf(input.model), input.select);
          const row = await checked(findOne<Row>)({ ...input, select, where });
          await keeper.give(keeper.readOf(input.model, input.join), [row], presented);
          const found = row instanceof Object ? row : null;
          if ((await currentSight()?.shows(input.model, found)) === false) return null;
          for (const field of more) if (found !== null) Reflect.deleteProperty(found, field);
          return row;
        },
        // Where nothing is said of the rows, the library hands drizzle an undefined, which it refuses of a join.
        findMany: async <Row>(input: Parameters<typeof findMany>[0]) => {
          const { where, presented } = kept(input.model, input.where);
          const { more, select } = selecting(keeper.planOf(input.model), input.select);
          const rows = await checked(findMany<Row>)(wholly({ ...input, select, where }));
          await keeper.give(keeper.readOf(input.model, input.join), rows, presented);
          for (const row of rows) for (const field of more) Reflect.deleteProperty(Object(row), field);
          return rows;
        },
        count: (input: Parameters<typeof count>[0]) =>
          checked(count)({ ...input, where: kept(input.model, input.where).where }),
        update: async <Row>(input: Parameters<typeof update>[0]) => {
          const { model } = input;
          const plan = keeper.planOf(model);
          const where = seen(model, input.where);
          const read = keeper.readOf(model);
          if (plan === undefined) return checked(update<Row>)({ ...input, where });
          if (!isKeeping(plan, where, model, input.update)) {
            const { where: conditions, presented } = asked(model, where);
            const values = keeper.digested(plan, input.update, presented);
            const row = await checked(update<Row>)({ ...input, where: conditions, update: values });
            await keeper.give(read, [row], presented);
            return row;
          }
          check({ ...input, where });
          return answering(
            together(async () => {
              let first: Row | null = null;
              for (const each of await updatesOf(plan, { model, where, values: input.update })) {
                const row = await update<Row>({ model, where: each.where, update: each.values });
                await keeper.give(read, [row], each.presented, each.known);
                first ??= row;
              }
              return first;
            }),
          );
        },
        updateMany: async (input: Parameters<typeof updateMany>[0]) => {
          const { model } = input;
          const plan = keeper.planOf(model);
          const where = seen(model, input.where);
          if (plan === undefined) return checked(updateMany)({ ...input, where });
          if (!isKeeping(plan, where, model, input.update)) {
            const { where: conditions, presented } = asked(model, where);
            const values = keeper.digested(plan, input.update, presented);
            return checked(updateMany)({ ...input, where: conditions, update: values });
          }
          check({ ...input, where });
          return answering(
            together(async () => {
              let changed = 0;
              for (const each of await updatesOf(plan, { model, where, values: input.update })) {
                changed += await updateMany({ model, where: each.where, update: each.values });
              }
              return changed;
            }),
          );
        },
        delete: async (input: Parameters<typeof remove>[0]) =>
          checked(remove)({ ...input, where: written(input.model, input.where).where }),
        deleteMany: async (input: Parameters<typeof deleteMany>[0]) => {
          const { model } = input;
          const { where } = written(model, input.where);
          return checked((of: typeof input) => deleteMany(endingImpersonations(of)))({ ...input, where });
        },
        consumeOne: async <Row>(input: Parameters<typeof consumeOne>[0]) => {
          const { where, presented } = written(input.model, input.where);
          const row = await checked(consumeOne<Row>)({ ...input, where });
          await keeper.give(keeper.readOf(input.model), [row], presented);
          return row;
        },
        incrementOne: async <Row>(input: Parameters<typeof incrementOne>[0]) => {
          const { model } = input;
          const plan = keeper.planOf(model);
          const where = seen(model, input.where);
          const read = keeper.readOf(model);
          if (plan === undefined) return checked(incrementOne<Row>)({ ...input, where });
          if (!isKeeping(plan, where, model, input.set)) {
            const { where: conditions, presented } = asked(model, where);
            const set = input.set && keeper.digested(plan, input.set, presented);
            const row = await checked(incrementOne<Row>)({ ...input, where: conditions, ...(set && { set }) });
            await keeper.give(read, [row], presented);
            return row;
          }
          check({ ...input, where });
          return answering(
            together(async () => {
              const [each] = await updatesOf(plan, { model, where, values: input.set ?? {}, most: 1 });
              if (each === undefined) return null;
              const row = await incrementOne<Row>({ ...input, where: each.where, set: each.values });
              await keeper.give(read, [row], each.presented, each.known);
              return row;
            }),
          );
        },
      });
    };

    /** The id of a new row, as the options say. */
    const newId = (model: string): string => {
      const generateId = options.advanced?.database?.generateId;
      const id = typeof generateId === "function" ? generateId({ model }) : undefined;
      return typeof id === "string" ? id : (ids[model]?.create() ?? createId(model));
    };

    interface Statement {
      readonly model: string;
      readonly where?: ReadonlyArray<Pick<Where, "field" | "operator" | "value">> | undefined;
      readonly sortBy?: { readonly field: string } | undefined;
      readonly update?: Readonly<Record<string, unknown>>;
      readonly set?: Readonly<Record<string, unknown>> | undefined;
    }

    const check = (input: Statement): void => {
      for (const { field, operator, value } of input.where ?? []) {
        checkField(input.model, field);
        checkOperator(input.model, field, operator, value);
        checkId(input.model, field, value);
      }
      if (input.sortBy !== undefined) checkOrder(input.model, input.sortBy.field);
      if (input.update !== undefined && Object.values(input.update).every((value) => value === undefined)) {
        throw new APIError("BAD_REQUEST", { code: "NO_VALUES_TO_UPDATE", message: "Nothing is to be changed." });
      }
      checkValues(input.model, input.update);
      checkValues(input.model, input.set);
    };

    const checked =
      <Input extends Statement, Output>(method: (input: Input) => Promise<Output>) =>
      async (input: Input): Promise<Output> => {
        check(input);
        return answering(method(input));
      };

    /** Some endpoints let the client name the field to filter or sort by. */
    const checkField = (model: string, field: string): void => {
      if (fieldOf(model, field) === undefined) throw invalidValue(`There is no field "${field}".`);
    };

    /** What is kept as a digest or an envelope has no order. */
    const checkOrder = (model: string, field: string): void => {
      checkField(model, field);
      const plan = keeper.planOf(model);
      const name = keeper.fieldOf(model, field);
      if (plan?.sealed.has(name) || plan?.digested.has(name)) throw invalidValue(`"${field}" cannot be sorted by.`);
    };

    /** And how to compare it. */
    const checkOperator = (model: string, field: string, operator: Where["operator"], value: unknown): void => {
      const fits =
        operator === "in" || operator === "not_in"
          ? Array.isArray(value)
          : operator === "contains" || operator === "starts_with" || operator === "ends_with"
            ? fieldOf(model, field)?.isText && typeof value === "string"
            : !fieldOf(model, field)?.isText || value === null || value === undefined || typeof value === "string";
      if (!fits) throw invalidValue(`"${field}" cannot be compared in this way.`);
    };

    const checkValues = (model: string, values: Readonly<Record<string, unknown>> | undefined): void => {
      for (const [field, value] of Object.entries(values ?? {})) {
        checkId(model, field, value);
        const takes = fieldOf(model, field)?.takes;
        if (takes !== undefined && value !== null && value !== undefined && !takes(value)) {
          throw invalidValue(`"${field}" cannot be this.`);
        }
      }
    };

    const checkId = (model: string, field: string, value: unknown): void => {
      const Id = fieldOf(model, field)?.Id;
      if (Id === undefined || value === null || value === undefined) return;
      for (const candidate of Array.isArray(value) ? value : [value]) {
        if (!Id.is(candidate)) throw invalidId(field, Id);
      }
    };

    const adapter = decorate(factory(options));
    const { transaction } = adapter;
    const decorated: Transaction = (run) => transaction((inner) => run(decorate(inner)));
    return Object.assign(adapter, { transaction: decorated });
  };

/** An update whose values are sealed, before it is taken apart. */
interface Updating {
  readonly model: string;
  readonly where: ReadonlyArray<Where>;
  readonly values: Row;
  /** How many rows at most. */
  readonly most?: number;
}

/** What it becomes for one row. */
interface Update {
  readonly where: Where[];
  readonly values: Record<string, unknown>;
  readonly known: Known;
  readonly presented: ReadonlyMap<string, string>;
}

/** Whether a condition asks for the very value that was read. */
const matches = ({ field, operator = "eq", value, connector = "AND" }: Where, read: unknown): boolean => {
  if (operator !== "eq" || connector !== "AND") throw invalidValue(`"${field}" is sealed, and cannot be looked for.`);
  return value === read;
};

/** The fields to read, with those by which what is sealed among them is opened, and which ones were not asked for. */
const selecting = <Selected extends string[] | undefined>(
  plan: Plan | undefined,
  select: Selected,
): { readonly select: Selected | string[]; readonly more: ReadonlyArray<string> } => {
  if (select === undefined || select.length === 0 || !select.some((field) => plan?.sealed.has(field))) {
    return { select, more: [] };
  }
  const more = ["id", ...(plan?.owner.fields ?? [])].filter((field) => !select.includes(field));
  return { select: [...select, ...more], more };
};

/**
 * What a column of a type takes. PostgreSQL is not asked: of a value of another type it says that the statement is wrong,
 * which is no different from a mistake of ours.
 */
const takenBy: ReadonlyMap<string, (value: unknown) => boolean> = new Map<string, (value: unknown) => boolean>([
  ["string", (value) => typeof value === "string"],
  ["number", (value) => typeof value === "bigint" || Number.isFinite(value)],
  ["boolean", (value) => typeof value === "boolean"],
  ["string[]", (value) => Array.isArray(value) && value.every((part) => typeof part === "string")],
  // Better Auth makes dates of texts; one that JavaScript cannot tell is none.
  ["date", (value) => (value instanceof Date || typeof value === "string") && !Number.isNaN(new Date(value).getTime())],
]);

/** A refusal by the database, which has broken off the transaction. */
export class DatabaseRefusal extends APIError {}

/** Answers what the database's constraints refuse: a race that was lost, or a value that no column takes. */
const answering = async <A>(statement: Promise<A>): Promise<A> => {
  try {
    return await statement;
  } catch (error) {
    const state = SqlState.of(error);
    if (state === SqlState.uniqueViolation) {
      throw new DatabaseRefusal("CONFLICT", { code: "ALREADY_EXISTS", message: "It exists already." });
    }
    if (state === SqlState.foreignKeyViolation) {
      throw new DatabaseRefusal("CONFLICT", {
        code: "REFERENCE_GONE",
        message: "What it refers to does not exist any more.",
      });
    }
    if (state === SqlState.givenOnce) {
      throw new DatabaseRefusal("BAD_REQUEST", { code: "FIELD_NOT_ALLOWED", message: "This is given once." });
    }
    if (SqlState.isRefusedValue(error)) {
      throw new DatabaseRefusal("BAD_REQUEST", { code: "INVALID_VALUE", message: "A value cannot be stored." });
    }
    throw error;
  }
};

interface Field {
  /** The ids that it holds, if it holds ids. */
  readonly Id: EntityId.Any | undefined;
  /** Whether its column takes a value that is there; undefined where Better Auth makes something else of it first. */
  readonly takes: ((value: unknown) => boolean) | undefined;
  /** Whether it is text, of which parts may be looked for. */
  readonly isText: boolean;
}

/**
 * Who ends all sessions of a user, as a ban does, ends those too that the user has in the name of others: Better Auth
 * knows them by those others only.
 */
const endingImpersonations = <Input extends { readonly model: string; readonly where: Where[] }>(
  input: Input,
): Input => {
  const [only] = input.where;
  return input.model === "session" && input.where.length === 1 && only?.field === "userId"
    ? {
        ...input,
        where: [
          { ...only, connector: "OR" },
          { ...only, field: "impersonatedBy", connector: "OR" },
        ],
      }
    : input;
};

/**
 * The fields of each model, under the names that the options give to both too. Maps, because a client may ask for names
 * that every object has.
 */
const fieldsOf = (options: BetterAuthOptions, ids: Models["ids"]): ReadonlyMap<string, ReadonlyMap<string, Field>> =>
  new Map(
    Object.entries(getAuthTables(options)).flatMap(([model, { fields, modelName }]) => {
      const byName = new Map<string, Field>([
        ["id", { Id: ids[model], takes: takenBy.get("string"), isText: false }],
        ...Object.entries(fields).flatMap(([name, { fieldName = name, references, transform, type }]) => {
          const Id = ids[(references?.field === "id" ? references.model : undeclaredReferences[model]?.[name]) ?? ""];
          const field: Field = {
            Id,
            takes: transform?.input === undefined ? takenBy.get(String(type)) : undefined,
            isText: Id === undefined && type === "string",
          };
          return [name, fieldName].map((either): [string, Field] => [either, field]);
        }),
      ]);
      return [model, modelName].map((either): [string, typeof byName] => [either, byName]);
    }),
  );
