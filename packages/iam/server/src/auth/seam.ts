/**
 * The one place through which everything passes that Better Auth reads and writes, plugins included: a decorator of its
 * database adapter. Here ids and values are validated, what the database's constraints refuse becomes an answer with a
 * code, and writes that may fail without harm get a savepoint.
 */
import { SqlState } from "@beep/db-admin";
import type { EntityId } from "@beep/shared-domain";
import type { BetterAuthOptions } from "@better-auth/core";
import { getAuthTables } from "@better-auth/core/db";
import type { DBAdapter, Where } from "@better-auth/core/db/adapter";
import { APIError } from "@better-auth/core/error";
import { invalidValue } from "./malformed.ts";
import { ids, undeclaredReferences } from "./models.ts";

type Transaction = DBAdapter["transaction"];
type TransactionAdapter = Parameters<Parameters<Transaction>[0]>[0];

/**
 * Models whose creation Better Auth lets fail on a unique constraint and then goes on in the same transaction, which
 * PostgreSQL would have broken off: two additions of one team member at once.
 */
const mayCollide: ReadonlySet<string> = new Set(["teamMember"]);

/** Models whose ids a client may ask for in any form, because its protocol does not say which they have. */
const opaque: ReadonlySet<string> = new Set(["scimGroup", "scimUser"]);

/** An id of an opaque model that is none, as one that no row has. */
const withIdOfNobody = (model: string, part: Where): Where => {
  const { value } = part;
  const isId = (id: unknown) => ids[model]?.is(id) === true;
  return { ...part, value: Array.isArray(value) ? value.map(String).filter(isId) : isId(value) ? value : null };
};

/**
 * Models of which Better Auth keeps what may be used once under an id that follows from it, so that the second to use it
 * finds the id taken (a SAML assertion, a client's signed assertion).
 */
const usedOnce: ReadonlySet<string> = new Set(["oauthClientAssertion", "verification"]);

/** The id that follows from a digest, as Better Auth writes one; other values as they are. */
const idOfDigest = (Id: EntityId.Any | undefined, value: unknown): unknown => {
  if (Id === undefined || typeof value !== "string" || Id.is(value) || !/^[\w-]{32,43}$/.test(value)) return value;
  const hex = Buffer.from(value, "base64url").toString("hex", 0, 16);
  return Id.fromUuid(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"));
};

const withIdOfDigest = <Data extends Record<string, unknown>>(model: string, data: Data): Data => ({
  ...data,
  id: idOfDigest(ids[model], data.id),
});

const withDigestCompared = (model: string, part: Where): Where =>
  // An id stays a text.
  ({ ...part, value: idOfDigest(ids[model], part.value) as Where["value"] });

/** A condition of a search, with an id in the form in which ids are kept. */
const asKept = (model: string, part: Where): Where => {
  if (part.field !== "id") return part;
  if (usedOnce.has(model)) return withDigestCompared(model, part);
  return opaque.has(model) ? withIdOfNobody(model, part) : part;
};

/**
 * Decorates an adapter's factory.
 *
 * @param savepoint runs in a savepoint of the open transaction, or in a transaction
 */
export const seam =
  (factory: (options: BetterAuthOptions) => DBAdapter, savepoint: <A>(run: () => Promise<A>) => Promise<A>) =>
  (options: BetterAuthOptions): DBAdapter => {
    const fields = fieldsOf(options);
    const fieldOf = (model: string, field: string): Field | undefined => fields.get(model)?.get(field);

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
      return Object.assign(adapter, {
        create: async (stated: Parameters<typeof create>[0]) => {
          const isUsedOnce = usedOnce.has(stated.model) && "id" in stated.data;
          const input = isUsedOnce ? { ...stated, data: withIdOfDigest(stated.model, stated.data) } : stated;
          checkValues(input.model, input.data);
          const mayFail = isUsedOnce || mayCollide.has(input.model);
          return answering(mayFail ? savepoint(() => create(input)) : create(input));
        },
        findOne: (input: Parameters<typeof findOne>[0]) =>
          checked(findOne)({ ...input, where: input.where.map((part) => asKept(input.model, part)) }),
        findMany: (input: Parameters<typeof findMany>[0]) =>
          checked(findMany)(
            input.where ? { ...input, where: input.where.map((part) => asKept(input.model, part)) } : input,
          ),
        count: (input: Parameters<typeof count>[0]) =>
          checked(count)(
            input.where ? { ...input, where: input.where.map((part) => asKept(input.model, part)) } : input,
          ),
        update: checked(update),
        updateMany: checked(updateMany),
        delete: checked(remove),
        deleteMany: checked((input: Parameters<typeof deleteMany>[0]) => deleteMany(endingImpersonations(input))),
        consumeOne: checked(consumeOne),
        incrementOne: checked(incrementOne),
      });
    };

    interface Statement {
      readonly model: string;
      readonly where?: ReadonlyArray<Pick<Where, "field" | "operator" | "value">> | undefined;
      readonly sortBy?: { readonly field: string } | undefined;
      readonly update?: Readonly<Record<string, unknown>>;
      readonly set?: Readonly<Record<string, unknown>> | undefined;
    }

    const checked =
      <Input extends Statement, Output>(method: (input: Input) => Promise<Output>) =>
      async (input: Input): Promise<Output> => {
        for (const { field, operator, value } of input.where ?? []) {
          checkField(input.model, field);
          checkOperator(input.model, field, operator, value);
          checkId(input.model, field, value);
        }
        if (input.sortBy !== undefined) checkField(input.model, input.sortBy.field);
        if (input.update !== undefined && Object.values(input.update).every((value) => value === undefined)) {
          throw new APIError("BAD_REQUEST", { code: "NO_VALUES_TO_UPDATE", message: "Nothing is to be changed." });
        }
        checkValues(input.model, input.update);
        checkValues(input.model, input.set);
        return answering(method(input));
      };

    /** Some endpoints let the client name the field to filter or sort by. */
    const checkField = (model: string, field: string): void => {
      if (fieldOf(model, field) === undefined) throw invalidValue(`There is no field "${field}".`);
    };

    /** And how to compare it. */
    const checkOperator = (model: string, field: string, operator: Where["operator"], value: unknown): void => {
      const fits =
        operator === "in" || operator === "not_in"
          ? Array.isArray(value)
          : operator === "contains" || operator === "starts_with" || operator === "ends_with"
            ? fieldOf(model, field)?.isText && typeof value === "string"
            : true;
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

/** The fields of each model. Maps, because a client may ask for names that every object has. */
const fieldsOf = (options: BetterAuthOptions): ReadonlyMap<string, ReadonlyMap<string, Field>> =>
  new Map(
    Object.entries(getAuthTables(options)).map(([model, { fields }]) => [
      model,
      new Map<string, Field>([
        ["id", { Id: ids[model], takes: takenBy.get("string"), isText: false }],
        ...Object.entries(fields).map(([field, { type, references, transform }]): [string, Field] => {
          const Id = ids[(references?.field === "id" ? references.model : undeclaredReferences[model]?.[field]) ?? ""];
          return [
            field,
            {
              Id,
              takes: transform?.input === undefined ? takenBy.get(String(type)) : undefined,
              isText: Id === undefined && type === "string",
            },
          ];
        }),
      ]),
    ]),
  );
