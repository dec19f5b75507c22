/** Tuples by the names that their columns have in the database. */
import type { Tuple } from "@beep/iam-domain";

/** What every tuple says. */
export const rowOf = ({ object, relation, subject }: Pick<Tuple.Tuple, "object" | "relation" | "subject">) => ({
  object_type: object.type,
  object_id: object.id,
  relation,
  subject_type: subject.type,
  subject_id: subject.id,
  subject_relation: subject.relation,
});

/** The same, and what it is subject to. */
export const conditionalRowOf = (tuple: Tuple.Tuple) => ({
  ...rowOf(tuple),
  condition: tuple.condition?.name ?? null,
  context: tuple.condition?.context ?? null,
});

/** The columns of such rows, where they come as JSON. */
export const columns =
  "object_type text, object_id text, relation text, subject_type text, subject_id text, subject_relation text";

/** The columns of the others. */
export const conditionalColumns = `${columns}, condition text, context jsonb`;
