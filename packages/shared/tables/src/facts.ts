/**
 * What is known of a table's columns beyond their types. The migration tells the database, so that what the database does
 * by itself, recording what changes, is right for every table, an application's own included.
 */
import type { EntityId } from "@beep/shared-domain";

/** What a table states of its columns, by the names that they have in TypeScript. */
export interface Facts<Column extends string = string> {
  /** Secrets that are read back: kept as envelopes only, and never in an event. */
  readonly sealed?: ReadonlyArray<Column>;
  /** Secrets that are looked up or compared: kept as digests only, and never in an event. */
  readonly digested?: ReadonlyArray<Column>;
  /** Those of them by which rows are looked up, whose digests have the form that the database demands (`Digest`). */
  readonly lookedUp?: ReadonlyArray<Column>;
  /** Personal data: in events only under the key of the person, whose destruction makes it unreadable. */
  readonly personal?: ReadonlyArray<Column>;
  /**
   * Whose: the column that holds the user's id, or text with TypeIDs, of which a user's count. The row itself is the person
   * where nothing is said, or no user named.
   */
  readonly subject?: Column;
  /**
   * The column with the organization in whose log the events stand, where it is not `organizationId`. One of text holds
   * TypeIDs, and where that is no organization's the events stand in the installation's.
   */
  readonly organization?: Column;
  /** What is counted or kept alive: an update of nothing else is no event. */
  readonly uneventful?: ReadonlyArray<Column>;
  /** Why no change of the table is an event, where none is. */
  readonly unrecorded?: string;
}

/** The same by the names that columns have in the database. */
export interface Stated extends Required<Pick<Facts, "sealed" | "digested" | "personal" | "uneventful">> {
  /** The prefix of the ids. */
  readonly prefix: string;
  readonly subject: string | null;
  readonly organization: string | null;
  readonly unrecorded: string | null;
}

/** The facts of a table as the database is told them. */
export const state = (
  Id: EntityId.Any,
  columns: Readonly<Record<string, { readonly name: string }>>,
  { sealed = [], digested = [], personal = [], uneventful = [], subject, organization, unrecorded }: Facts,
): Stated => {
  const named = (column: string): string => columns[column]?.name ?? column;
  return {
    prefix: Id.prefix,
    sealed: sealed.map(named),
    digested: digested.map(named),
    personal: personal.map(named),
    uneventful: uneventful.map(named),
    subject: subject === undefined ? null : named(subject),
    organization: organization === undefined ? null : named(organization),
    unrecorded: unrecorded ?? null,
  };
};

/** What is done with the rows of a record: what is no entity, has its natural key and no versions. */
export interface RecordFacts {
  /** What the services may do; everything else is for triggers and for the owner. */
  readonly services: ReadonlyArray<"select" | "insert" | "update" | "delete">;
  /** Whether rows stay as they were written, whoever would change or delete them. */
  readonly immutable?: boolean;
  /** Whether the database itself writes rows, by a trigger that runs under the owner's rights. */
  readonly written?: "by the database";
  /** Columns that hold envelopes. What a row is then called stands in `key`: the column with its id, and the ids' prefix. */
  readonly sealed?: ReadonlyArray<string>;
  readonly key?: string;
  readonly prefix?: string;
  /** The column by whose time it is kept in partitions, a month each, where it is. */
  readonly partitioned?: string;
}
