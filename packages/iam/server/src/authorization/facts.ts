/**
 * Reading the facts that questions may hang on: in one statement, however many questions, by what the model says leads on to
 * what. What is decided from them is another matter, and the same for facts that a question brings along.
 */
import { Errors, type Evaluation, type Reach, Tuple } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import type { Fragment } from "effect/sql/Statement";
import * as Moment from "./moment.ts";
import { conditionalColumns, conditionalRowOf } from "./rows.ts";

/** Of which application's facts, in which organization: by their ids in the database. */
export interface Space {
  readonly organizationId: string;
  readonly applicationId: string;
}

/** What was read, as of one moment. */
export interface Gathered extends Moment.Moment {
  /** The facts of each question; questions are known by the text of their object, or by a number. */
  readonly facts: (question: string) => Evaluation.Facts;
  /** All of them. */
  readonly tuples: ReadonlyArray<Tuple.Tuple>;
  /** The questions that were found, in their order, where they were not given. */
  readonly questions: ReadonlyArray<string>;
}

/** What is asked about: objects that are given, or those to which a subject may have a relation. */
export type Asked =
  | {
      readonly _tag: "Given";
      readonly questions: ReadonlyArray<{
        readonly question: string;
        readonly subject: string;
        readonly object: Tuple.ObjectRef;
        readonly first: ReadonlyArray<Reach.Read>;
      }>;
    }
  | {
      readonly _tag: "Sought";
      readonly type: string;
      readonly relation: string;
      readonly subject: Tuple.Subject;
      readonly back: Reach.Back;
      readonly first: ReadonlyArray<Reach.Read>;
      /** Whether facts with a condition, which an earlier model allowed, are to be passed over. */
      readonly isExact: boolean;
      /** The ids behind this one, and so many of them. */
      readonly after: string;
      readonly limit: number;
    };

/** So many facts are read for one statement's questions. */
const WIDTH = 10_000;

interface FactRow {
  readonly question: string;
  readonly object_type: string;
  readonly object_id: string;
  readonly relation: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly subject_relation: string;
  readonly condition: string | null;
  readonly context: Readonly<Record<string, unknown>> | null;
}

interface Row extends Moment.Moment {
  readonly questions: ReadonlyArray<string>;
  readonly facts: ReadonlyArray<FactRow>;
}

const tupleOf = (row: FactRow): Tuple.Tuple => ({
  subject: { type: row.subject_type, id: row.subject_id, relation: row.subject_relation },
  relation: row.relation,
  object: { type: row.object_type, id: row.object_id },
  condition: row.condition === null ? null : { name: row.condition, context: row.context ?? {} },
});

/** The questions, as rows `question`; and what is read first for each, as rows `start`. */
const starting = (client: PgClient, space: Space, asked: Asked): Fragment => {
  if (asked._tag === "Given") {
    const rows = asked.questions.flatMap(({ first, object, question, subject }) =>
      first.map((read) => ({ question, asked: subject, object_type: object.type, object_id: object.id, ...read })),
    );
    return client`
      question as (select null::text as question where false),
      start as materialized (
        select * from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) s (question text, asked text, object_type text,
          object_id text, relation text, subject_type text, subject_relation text, low text, high text)
      )`;
  }
  const { after, back, first, isExact, limit, relation, subject, type } = asked;
  const counts = client`(r.expires_at is null or r.expires_at > now())
            and (r.condition is null or not ${isExact}::boolean)`;
  const { applicationId, organizationId } = space;
  const itself = JSON.stringify(
    back.isItself ? [{ type: subject.type, id: subject.id, relation: subject.relation }] : [],
  );
  return client`
    reached as (
      select * from (
        select type collate "C" as type, id collate "C" as id, relation collate "C" as relation
        from jsonb_to_recordset(${itself}::text::jsonb) i (type text, id text, relation text)
        union all
        select r.object_type, r.object_id, s.gives collate "C"
        from jsonb_to_recordset(${JSON.stringify(back.first)}::text::jsonb)
          s (relation text, object_type text, gives text, subject_id text)
        join iam_relations r on r.organization_id = ${organizationId} and r.application_id = ${applicationId}
          and r.subject_type = ${subject.type} and r.subject_id = coalesce(s.subject_id, ${subject.id})
          and r.subject_relation = ${subject.relation}
          and r.object_type = s.object_type and r.relation = s.relation
          and ${counts}
        union all
        select c.object_type, c.object_id, s.gives collate "C"
        from jsonb_to_recordset(${JSON.stringify(back.first)}::text::jsonb)
          s (relation text, object_type text, gives text, subject_id text)
        join contextual c on c.subject_type = ${subject.type} and c.subject_id = coalesce(s.subject_id, ${subject.id})
          and c.subject_relation = ${subject.relation} and c.object_type = s.object_type and c.relation = s.relation
      ) begun
      union
      select t.object_type, t.object_id, s.gives collate "C" from reached n
      join jsonb_to_recordset(${JSON.stringify(back.steps)}::text::jsonb) s (of_type text, of_relation text,
        subject_relation text, relation text, object_type text, gives text)
        on s.of_type = n.type and s.of_relation = n.relation
      cross join lateral (
        select r.object_type, r.object_id from iam_relations r
        where r.organization_id = ${organizationId} and r.application_id = ${applicationId}
          and r.subject_type = n.type and r.subject_id = n.id and r.subject_relation = s.subject_relation
          and r.object_type = s.object_type and r.relation = s.relation
          and ${counts}
        union all
        select c.object_type, c.object_id from contextual c
        where c.subject_type = n.type and c.subject_id = n.id and c.subject_relation = s.subject_relation
          and c.object_type = s.object_type and c.relation = s.relation
      ) t
    ),
    -- Of each way to them the first ones only, by its index: there may be any number.
    question as materialized (
      select id as question from (
        select t.id from jsonb_to_recordset(${JSON.stringify(back.last.first)}::text::jsonb)
          s (relation text, subject_id text)
        cross join lateral (
          select r.object_id as id from iam_relations r
          where r.organization_id = ${organizationId} and r.application_id = ${applicationId}
            and r.subject_type = ${subject.type} and r.subject_id = coalesce(s.subject_id, ${subject.id})
            and r.subject_relation = ${subject.relation} and r.object_type = ${type} and r.relation = s.relation
            and r.object_id > ${after} and ${counts}
          order by r.object_id limit ${limit}
        ) t
        union all
        select t.id from reached n
        join jsonb_to_recordset(${JSON.stringify(back.last.steps)}::text::jsonb) s (of_type text, of_relation text,
          subject_relation text, relation text) on s.of_type = n.type and s.of_relation = n.relation
        cross join lateral (
          select r.object_id as id from iam_relations r
          where r.organization_id = ${organizationId} and r.application_id = ${applicationId}
            and r.subject_type = n.type and r.subject_id = n.id and r.subject_relation = s.subject_relation
            and r.object_type = ${type} and r.relation = s.relation
            and r.object_id > ${after} and ${counts}
          order by r.object_id limit ${limit}
        ) t
        union all
        select c.object_id from contextual c join jsonb_to_recordset(${JSON.stringify(back.last.first)}::text::jsonb)
          s (relation text, subject_id text) on c.subject_id = coalesce(s.subject_id, ${subject.id})
          and c.subject_type = ${subject.type} and c.subject_relation = ${subject.relation}
          and c.object_type = ${type} and c.relation = s.relation
        union all
        select c.object_id from reached n join jsonb_to_recordset(${JSON.stringify(back.last.steps)}::text::jsonb)
          s (of_type text, of_relation text, subject_relation text, relation text)
          on s.of_type = n.type and s.of_relation = n.relation
        join contextual c on c.subject_type = n.type and c.subject_id = n.id
          and c.subject_relation = s.subject_relation and c.object_type = ${type} and c.relation = s.relation
        union all
        select ${subject.id} where ${back.isItself && subject.type === type && subject.relation === relation}::boolean
      ) found
      where id > ${after} collate "C" group by id order by id limit ${limit}
    ),
    start as materialized (
      select q.question, ${subject.id} as asked, ${type} as object_type, q.question as object_id, s.relation, s.subject_type, s.subject_relation,
        s.low, s.high
      from question q cross join jsonb_to_recordset(${JSON.stringify(first)}::text::jsonb) s (relation text,
        subject_type text, subject_relation text, low text, high text)
    )`;
};

/**
 * Reads what questions may hang on.
 *
 * @param steps what is read behind a tuple of which kind
 * @param contextual facts that hold for these questions
 */
export const gather = Effect.fnUntraced(function* (
  client: PgClient,
  space: Space,
  asked: Asked,
  steps: ReadonlyArray<Reach.Step>,
  contextual: ReadonlyArray<Tuple.Tuple>,
): Effect.fn.Return<Gathered, Errors.QuestionTooWide | SqlError> {
  const { applicationId, organizationId } = space;
  const read = (from: string, of: string, object: string) => client`
    select ${client.literal(of)}.question, ${client.literal(of)}.asked, t.* from ${client.literal(from)}
    cross join lateral (
      select r.object_type, r.object_id, r.relation, r.subject_type, r.subject_id, r.subject_relation, r.condition, r.context
      from iam_relations r
      where r.organization_id = ${organizationId} and r.application_id = ${applicationId}
        and r.object_type = ${client.literal(object)}_type and r.object_id = ${client.literal(object)}_id
        and r.relation = s.relation and r.subject_relation = s.subject_relation and r.subject_type = s.subject_type
        and r.subject_id >= coalesce(s.low, ${client.literal(of)}.asked)
        and r.subject_id <= coalesce(s.high, ${client.literal(of)}.asked) and (r.expires_at is null or r.expires_at > now())
      union all
      select c.object_type, c.object_id, c.relation, c.subject_type, c.subject_id, c.subject_relation, c.condition, c.context
      from contextual c
      where c.object_type = ${client.literal(object)}_type and c.object_id = ${client.literal(object)}_id
        and c.relation = s.relation and c.subject_relation = s.subject_relation and c.subject_type = s.subject_type
        and c.subject_id >= coalesce(s.low, ${client.literal(of)}.asked)
        and c.subject_id <= coalesce(s.high, ${client.literal(of)}.asked)
    ) t`;
  const next = `fact f join step s on s.of_type = f.object_type and s.of_relation = f.relation
    and s.of_subject_type = f.subject_type and s.of_subject_relation = f.subject_relation`;
  const [row] = yield* client<Row>`
    with recursive contextual as materialized (
      select object_type collate "C" as object_type, object_id collate "C" as object_id, relation collate "C" as relation,
        subject_type collate "C" as subject_type, subject_id collate "C" as subject_id,
        subject_relation collate "C" as subject_relation, condition, context
      from jsonb_to_recordset(${JSON.stringify(contextual.map(conditionalRowOf))}::text::jsonb) c (${client.literal(conditionalColumns)})
    ), step as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(steps)}::text::jsonb) s (of_type text, of_relation text,
        of_subject_type text, of_subject_relation text, relation text, subject_type text, subject_relation text, low text,
        high text)
    ), ${starting(client, space, asked)}, fact as (
      ${read("start s", "s", "s.object")}
      union
      ${read(next, "f", "f.subject")}
    )
    select ${Moment.selected(client, organizationId)},
      coalesce((select jsonb_agg(question order by question) from question), '[]') as questions,
      coalesce((select jsonb_agg(f) from (select * from fact limit ${WIDTH + 1}) f), '[]') as facts`;
  if (row === undefined) return yield* Effect.die(new Error("The statement of facts gave no row."));
  if (row.facts.length > WIDTH) return yield* new Errors.QuestionTooWide();
  const tuples = row.facts.map(tupleOf);
  const index = new Map<string, Array<Tuple.Tuple>>();
  const key = (question: string | undefined, object: Tuple.ObjectRef, relation: string) =>
    `${question} ${Tuple.objectText(object)}#${relation}`;
  for (const [at, tuple] of tuples.entries()) {
    const of = key(row.facts[at]?.question, tuple.object, tuple.relation);
    const known = index.get(of);
    if (known === undefined) index.set(of, [tuple]);
    else known.push(tuple);
  }
  return {
    own: row.own,
    common: row.common,
    tuples,
    questions: row.questions,
    facts: (question) => (object, relation) => index.get(key(question, object, relation)) ?? [],
  };
});
