/**
 * Proves at compile time that every table says what its model says: in both directions, for select, insert and update.
 * A column that is missing, extra, of another type, nullability or default is an error here that names it; so is a
 * table without a model, and a model without a table.
 */
import type * as entities from "@beep/iam-domain/entities";
import type { NotificationPreference } from "@beep/iam-domain/entities";
import type { InferInsertModel, InferSelectModel, Table } from "drizzle-orm";
import type * as Brand from "effect/Brand";
import type * as tables from "./schema.ts";

/** Columns that the database writes: they are in no insert and no update, but for the version that was read. */
type WrittenByDatabase = "updatedAt" | "version";

/** Columns that are given once: the organization where a row belongs to one, and not where it merely refers to one. */
type GivenOnce<T extends Table> =
  | "id"
  | "createdAt"
  | (InferSelectModel<T> extends { readonly organizationId: string } ? "organizationId" : never);

type Insert<T extends Table> = Omit<InferInsertModel<T>, WrittenByDatabase>;

/** As drizzle's `set` takes it: every column may be left out. */
type Update<T extends Table> = {
  [K in Exclude<keyof InferInsertModel<T>, "updatedAt" | GivenOnce<T>>]?: InferInsertModel<T>[K] | undefined;
};

/** The parts of a model that a table must agree with. */
interface Model {
  readonly select: { readonly Encoded: object };
  readonly insert: { readonly Encoded: object };
  readonly update: { readonly Encoded: object };
}

/** A row as data: a column's ids are branded, because the database validated them, where a schema's input is not. */
type Plain<T> = { -readonly [K in keyof T]: Unbranded<T[K]> };

type Unbranded<T> = T extends Brand.Brand<string> ? Brand.Brand.Unbranded<T> : T;

/** Whether two types are the same, optionality included, whatever `readonly` and brands say. */
type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;

/** The keys in which two rows differ. */
type Difference<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B ? (Same<Pick<A, K>, Pick<B, K>> extends true ? never : K) : K;
}[keyof A | keyof B];

type Named<Variant extends string, Key> = Key extends string ? `${Variant}.${Key}` : never;

/** `never` when table and model agree; otherwise the keys in which they differ, by variant. */
export type Drift<T extends Table, M extends Model> =
  | Named<"select", Difference<InferSelectModel<T>, M["select"]["Encoded"]>>
  | Named<"insert", Difference<Insert<T>, M["insert"]["Encoded"]>>
  | Named<"update", Difference<Update<T>, M["update"]["Encoded"]>>;

/** The names of the tables of entities: records have no versions, and no model. */
type TableName<Schema> = {
  [K in keyof Schema]: Schema[K] extends Table
    ? InferSelectModel<Schema[K]> extends { readonly version: number }
      ? K
      : never
    : never;
}[keyof Schema];

/** The names that the tables of some entities have to have. */
type EntityName<Entities> = {
  [K in keyof Entities]: Entities[K] extends { readonly Model: Model } ? Uncapitalize<K & string> : never;
}[keyof Entities];

/** The drift of every table of a schema, by the table's name; a table without a model, or the reverse, says so. */
export type Drifts<Schema, Entities> = {
  [K in TableName<Schema>]: Capitalize<K & string> extends keyof Entities
    ? Entities[Capitalize<K & string>] extends { readonly Model: infer M extends Model }
      ? Schema[K] extends infer T extends Table
        ? Drift<T, M>
        : never
      : "has no model"
    : "has no model";
} & { [K in Exclude<EntityName<Entities>, TableName<Schema>>]: "has no table" };

/** Does not compile unless no table drifts. */
export const _check: { [K in keyof Drifts<typeof tables, typeof entities>]: never } = {} as Drifts<
  typeof tables,
  typeof entities
>;

export const _checkSelect: typeof NotificationPreference.Model.select.Encoded = {} as InferSelectModel<
  typeof tables.notificationPreference
>;
export const _checkInsert: typeof NotificationPreference.Model.insert.Encoded = {} as InferInsertModel<
  typeof tables.notificationPreference
>;
