/**
 * Writing relation tuples. What is written together is one change: all of it is there with the commit, with its event and
 * the new revision, or nothing. Which groups are in which others by then, the database finds out by itself.
 */
import { Asking, Errors, Tuple } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import type { Space } from "./facts.ts";
import type { InForce } from "./Models.ts";
import * as Moment from "./moment.ts";
import { columns, conditionalColumns, conditionalRowOf, rowOf } from "./rows.ts";

/** A tuple to write. */
export interface Write extends Tuple.Written {
  /** Until when it holds, where it ends by itself. */
  readonly expiresAt?: Date | undefined;
}

/** Which tuples to write and to delete. */
export interface Change {
  /** What is there already and says the same stays; what says otherwise of its condition or its end is replaced. */
  readonly writes?: ReadonlyArray<Write> | undefined;
  /** What is not there stays away. */
  readonly deletes?: ReadonlyArray<Pick<Tuple.Written, "subject" | "relation" | "object">> | undefined;
}

/** What was changed. */
export interface Changed {
  readonly written: number;
  readonly deleted: number;
  /** The revision of the policy with it. */
  readonly revision: bigint;
}

/** A tuple to delete need not be one that the model still allows. */
const deleted = (written: NonNullable<Change["deletes"]>[number]) =>
  Effect.gen(function* () {
    const invalid = (says: string) =>
      new Errors.TupleInvalid({ tuple: `${written.subject} ${written.relation} ${written.object}`, says });
    const subject = yield* Effect.fromOption(Tuple.subject(written.subject), () => invalid("its subject is malformed"));
    const object = yield* Effect.fromOption(Tuple.object(written.object), () => invalid("its object is malformed"));
    if (!Tuple.isRelation(written.relation)) return yield* invalid("its relation is malformed");
    return rowOf({ subject, relation: written.relation, object });
  });

/** Writes and deletes, in the open transaction; where the model is another by now, it says so and changes nothing. */
export const write = Effect.fnUntraced(function* (
  { applicationId, organizationId }: Space,
  { model, number }: InForce,
  { deletes = [], writes = [] }: Change,
) {
  const { client } = yield* ServiceConnection;
  const rows = yield* Effect.forEach(writes, ({ expiresAt, ...written }) =>
    Effect.map(Effect.fromResult(Asking.tuple(model, written)), (tuple) => ({
      ...conditionalRowOf(tuple),
      expires_at: expiresAt?.toISOString() ?? null,
    })),
  );
  const gone = yield* Effect.forEach(deletes, deleted);
  // Whoever writes the next model waits until this is over.
  const [current] = yield* client<{ number: number | null }>`
    select (select max(number) from iam_authorization_models where application_id = a.id) as number
    from iam_applications a where a.id = ${applicationId} for key share of a`;
  if (current?.number !== number) return "another model" as const;
  const removed =
    gone.length === 0
      ? []
      : yield* client`
          delete from iam_relations r using jsonb_to_recordset(${JSON.stringify(gone)}::text::jsonb)
            as d (${client.literal(columns)})
          where r.organization_id = ${organizationId} and r.application_id = ${applicationId}
            and r.object_type = d.object_type and r.object_id = d.object_id and r.relation = d.relation
            and r.subject_type = d.subject_type and r.subject_id = d.subject_id
            and r.subject_relation = d.subject_relation
          returning r.object_id`;
  const put =
    rows.length === 0
      ? []
      : yield* client`
          insert into iam_relations as r (organization_id, application_id, object_type, object_id, relation, subject_type,
            subject_id, subject_relation, condition, context, expires_at)
          select ${organizationId}::uuid, ${applicationId}::uuid, w.* from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb)
            as w (${client.literal(conditionalColumns)}, expires_at timestamptz)
          order by 3, 4, 5, 8, 6, 7
          on conflict (organization_id, application_id, object_type, object_id, relation, subject_relation, subject_type,
            subject_id) do update
            set condition = excluded.condition, context = excluded.context, expires_at = excluded.expires_at
            where (r.condition, r.context, r.expires_at) is distinct from
              (excluded.condition, excluded.context, excluded.expires_at)
          returning r.object_id`;
  const [at = { own: 0n, common: 0n }] = yield* client<Moment.Moment>`
    select ${Moment.selected(client, organizationId)}`;
  return { written: put.length, deleted: removed.length, revision: Moment.revisionOf(at) };
});
