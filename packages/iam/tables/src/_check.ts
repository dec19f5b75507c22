/**
 * Proves at compile time that every table says what its model says: in both directions, for select, insert and update.
 * A column that is missing, extra, of another type, nullability or default is an error here that names it; so is a
 * table without a model.
 */
import type * as entities from "@beep/iam-domain/entities";
import type { NotificationPreference } from "@beep/iam-domain/entities";
import type { InferInsertModel, InferSelectModel, Table } from "drizzle-orm";
import type * as tables from "./schema.ts";

/** Columns that the database writes: they are in no insert and no update, but for the version that was read. */
type WrittenByDatabase = "updatedAt" | "version";

/** Columns that are given once. */
type GivenOnce = "id" | "createdAt" | "organizationId";

type Insert<T extends Table> = Omit<InferInsertModel<T>, WrittenByDatabase>;

/** As drizzle's `set` takes it: every column may be left out. */
type Update<T extends Table> = {
  [K in Exclude<keyof InferInsertModel<T>, "updatedAt" | GivenOnce>]?: InferInsertModel<T>[K] | undefined;
};

/** The parts of a model that a table must agree with. */
interface Model {
  readonly select: { readonly Encoded: object };
  readonly insert: { readonly Encoded: object };
  readonly update: { readonly Encoded: object };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Whether two types are the same, modifiers and optionality included, whatever `readonly` says. */
type Same<A, B> = (<T>() => T extends Writable<A> ? 1 : 2) extends <T>() => T extends Writable<B> ? 1 : 2
  ? true
  : false;

/** The keys in which two rows differ. */
type Difference<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B
    ? Same<Pick<A, K>, Pick<B, K>> extends true
      ? never
      : K
    : K;
}[keyof A | keyof B];

type Named<Variant extends string, Key> = Key extends string ? `${Variant}.${Key}` : never;

/** `never` when table and model agree; otherwise the keys in which they differ, by variant. */
export type Drift<T extends Table, M extends Model> =
  | Named<"select", Difference<InferSelectModel<T>, M["select"]["Encoded"]>>
  | Named<"insert", Difference<Insert<T>, M["insert"]["Encoded"]>>
  | Named<"update", Difference<Update<T>, M["update"]["Encoded"]>>;

/** The drift of every table of a schema, by the table's name; a table without a model says so. */
export type Drifts<Schema, Entities> = {
  [K in keyof Schema as Schema[K] extends Table ? K : never]: Capitalize<K & string> extends keyof Entities
    ? Entities[Capitalize<K & string>] extends { readonly Model: infer M extends Model }
      ? Schema[K] extends infer T extends Table
        ? Drift<T, M>
        : never
      : "has no model"
    : "has no model";
};

/** Does not compile unless no table drifts. */
export const _check: { [K in keyof Drifts<typeof tables, typeof entities>]: never } = {} as Drifts<
  typeof tables,
  typeof entities
>;

export const _checkSelect: typeof NotificationPreference.Model.select.Encoded =
  {} as InferSelectModel<typeof tables.notificationPreference>;
export const _checkInsert: typeof NotificationPreference.Model.insert.Encoded =
  {} as InferInsertModel<typeof tables.notificationPreference>;
