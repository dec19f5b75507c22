/**
 * Who may do what: asked of the application's own database, in its transaction where one is open. A question is about one
 * application's types, in one organization.
 *
 * An answer is as of one moment, whose revision it carries: the facts, the model that was in force, and the revision are read
 * by the same statement.
 */
import { Application, Asking, Errors, Evaluation, Explanation, Reach, Tuple } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import type { SQL, SQLWrapper } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Result from "effect/Result";
import type { SqlError } from "effect/sql/SqlError";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as facts from "./facts.ts";
import { type InForce, Models } from "./Models.ts";
import * as may from "./may.ts";
import * as Moment from "./moment.ts";
import * as plans from "./plans.ts";
import * as statements from "./statements.ts";
import * as writing from "./writing.ts";

/** Where a question is asked, and where a fact holds. */
export interface Space {
  readonly organization: SharedEntityIds.OrganizationId;
  /** The key of the application whose types are meant; the platform's where nothing is said. */
  readonly application?: string | undefined;
}

/** What is asked in a space. */
export interface Asked extends Space {
  /** The revision of the policy that an answer must at least be of: of a change that was made before, for instance. */
  readonly atLeast?: bigint | undefined;
}

/** What a question may bring along. */
export interface Brought {
  /** Parameters of conditions. */
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  /** Facts that are taken to hold for this question. */
  readonly contextual?: ReadonlyArray<Tuple.Written> | undefined;
}

/** Whether a subject has a relation to an object. */
export interface Check extends Asked, Brought {
  readonly subject: string;
  readonly relation: string;
  readonly object: string;
}

/** What is asked for a page of a list. */
export interface ListPage {
  /** How many at most. */
  readonly limit?: number | undefined;
  /** Those behind this one of the last page. */
  readonly after?: string | undefined;
}

/** The objects of a type to which a subject has a relation. */
export interface ListObjects extends Asked, Brought, ListPage {
  readonly subject: string;
  readonly relation: string;
  readonly type: string;
}

/** The subjects of some kinds (`user`, `group#member`) that have a relation to an object. */
export interface ListSubjects extends Asked, Brought {
  readonly object: string;
  readonly relation: string;
  readonly kinds: ReadonlyArray<string>;
}

/** What every answer says. */
interface Said {
  /** How often the policy of the organization, and what holds for all, had been changed. */
  readonly revision: bigint;
}

/** A subject has the relation. */
export interface Permit extends Said {
  readonly _tag: "Permit";
}

/** A subject does not have it. */
export interface Deny extends Said {
  readonly _tag: "Deny";
}

/** What comes of a check. */
export type Answer = Permit | Deny;

/** Why a subject has a relation: the proof. Or why not: which facts are missing, and what excepts it. */
export type Explained =
  | (Permit & { readonly proof: Evaluation.Proof; readonly text: string })
  | (Deny & Explanation.Lack);

/** Part of a list. */
export interface Listed extends Said {
  readonly items: ReadonlyArray<string>;
  /** Behind which the next page begins; nothing where this is the last one. */
  readonly next: string | null;
}

export type { Change, Changed, Write } from "./writing.ts";

type Unavailable = Errors.CommitUnknown | SqlError;

/** Why there is no answer: never a permit. */
export type Unanswered =
  | Errors.ModelMissing
  | Errors.RevisionNotReached
  | Errors.TupleInvalid
  | Evaluation.Unanswered
  | Unavailable;

/** Asks and says who may do what. */
export class Authorization extends Context.Service<
  Authorization,
  {
    /** Whether a subject has a relation to an object: one statement. */
    readonly check: (question: Check) => Effect.Effect<Answer, Errors.QuestionInvalid | Unanswered>;
    /** The same of many in the same place: one statement, and an answer or an error for each. */
    readonly checkAll: (
      space: Asked,
      questions: ReadonlyArray<Omit<Check, keyof Asked>>,
    ) => Effect.Effect<
      ReadonlyArray<Result.Result<Answer, Errors.QuestionInvalid | Errors.TupleInvalid | Evaluation.Unanswered>>,
      Errors.ModelMissing | Errors.QuestionTooWide | Errors.RevisionNotReached | Unavailable
    >;
    /** The answer of a check, and why it is so. It is decided from facts, and takes longer. */
    readonly explain: (question: Check) => Effect.Effect<Explained, Errors.QuestionInvalid | Unanswered>;
    /** A page of the objects to which a subject has a relation, by their ids. */
    readonly listObjects: (
      question: ListObjects,
    ) => Effect.Effect<Listed, Errors.QuestionInvalid | Errors.TypeUnknown | Errors.RelationUnknown | Unanswered>;
    /** The subjects that have a relation to an object. One that stands for all of its type is `type:*`. */
    readonly listSubjects: (
      question: ListSubjects,
    ) => Effect.Effect<Listed, Errors.QuestionInvalid | Errors.TypeUnknown | Errors.RelationUnknown | Unanswered>;
    /**
     * The condition that a subject has a relation to the object of which an id stands in a query of the application's own: a
     * column of ids, or an expression of text. For a query that is made at once: after the next model it permits nothing.
     * Fails where the relation hangs on conditions, or on itself in a way that no SQL says (`QUESTION_NOT_IN_SQL`).
     */
    readonly may: (
      question: Space & {
        readonly subject: string;
        readonly relation: string;
        readonly type: string;
        readonly object: SQLWrapper;
      },
    ) => Effect.Effect<
      SQL,
      | Errors.QuestionInvalid
      | Errors.QuestionNotInSql
      | Errors.TypeUnknown
      | Errors.RelationUnknown
      | Errors.ModelMissing
      | Unavailable
    >;
    /** Writes and deletes tuples, as one change. Doing it again changes nothing. */
    readonly write: (
      change: Space & writing.Change,
    ) => Effect.Effect<writing.Changed, Errors.ModelMissing | Errors.TupleInvalid | Unavailable>;
  }
>()("@beep/iam-server/authorization/Authorization") {}

/** So many candidates of a list are looked at in a statement. */
const CANDIDATES = 100;

/** So many objects are on a page unless it is said. */
const PAGE = 100;

/** What came of a question. */
type Decided = Result.Result<Answer, Evaluation.Unanswered>;

/** Answers, and how often what holds for all had been changed when they were true. */
interface Round {
  readonly common: bigint;
  readonly revision: bigint;
  readonly answers: ReadonlyArray<Decided>;
}

/** A question that the model allows, and what it brings along. */
interface Prepared {
  readonly question: Evaluation.Question;
  readonly context: Readonly<Record<string, unknown>> | undefined;
  readonly contextual: ReadonlyArray<Tuple.Tuple>;
}

const prepare = (
  { model }: InForce,
  { context, contextual, ...asked }: Omit<Check, keyof Asked>,
): Result.Result<Prepared, Errors.QuestionInvalid | Errors.TupleInvalid> => {
  const question = Asking.question(model, asked);
  if (Result.isFailure(question)) return Result.fail(question.failure);
  const facts: Array<Tuple.Tuple> = [];
  for (const written of contextual ?? []) {
    const tuple = Asking.tuple(model, written);
    if (Result.isFailure(tuple)) return Result.fail(tuple.failure);
    facts.push(tuple.success);
  }
  return Result.succeed({ question: question.success, context, contextual: facts });
};

/** The question as SQL, where the database can decide it by itself. */
const asking = (model: InForce, { contextual, question }: Prepared): plans.Asking | undefined =>
  contextual.length > 0 || question.subject.relation !== "" || question.subject.id === Tuple.ANY
    ? undefined
    : plans.of(model.model).asking(question.object.type, question.relation, question.subject.type);

const answerOf = (permitted: boolean, moment: Moment.Moment): Answer => ({
  _tag: permitted ? "Permit" : "Deny",
  revision: Moment.revisionOf(moment),
});

/** Who has read something must not be answered from before it. */
const demandRevision = ({ atLeast }: Asked, reached: bigint): Effect.Effect<void, Errors.RevisionNotReached> =>
  atLeast !== undefined && reached < atLeast
    ? Effect.fail(new Errors.RevisionNotReached({ asked: atLeast, reached }))
    : Effect.void;

const whomOf = (subject: Tuple.Subject): Reach.Whom => ({
  which: "one",
  type: subject.type,
  relation: subject.relation,
});

const make = Effect.gen(function* () {
  const connection = yield* ServiceConnection;
  const { client, lookUp } = connection;
  const models = yield* Models;

  /**
   * Answers by the model that this process knows, and by the one in force where that is another by now; which also what a
   * model does not allow has to be asked of.
   */
  const inForce = <A extends { readonly common: bigint }, E>(
    application: string = Application.PLATFORM,
    answer: (model: InForce) => Effect.Effect<A, E>,
  ) => {
    type Outcome = Effect.Effect<A, E | Errors.ModelMissing | Unavailable>;
    const by = (model: InForce): Outcome =>
      Effect.matchCauseEffect(answer(model), {
        onSuccess: (answered) => {
          const outcome = Effect.succeed(answered);
          return answered.common === model.common ? outcome : unlessAnother(model, outcome);
        },
        onFailure: (cause) => unlessAnother(model, Effect.failCause(cause)),
      });
    const unlessAnother = (model: InForce, outcome: Outcome): Outcome =>
      Effect.flatMap(models.current(application), (current) => (current.model === model.model ? outcome : by(current)));
    return Effect.flatMap(models.known(application), by);
  };

  const spaceOf = ({ organization }: Space, { applicationId }: InForce): facts.Space => ({
    organizationId: SharedEntityIds.OrganizationId.toUuid(organization),
    applicationId,
  });

  const gather = (
    space: facts.Space,
    asked: facts.Asked,
    steps: ReadonlyArray<Reach.Step>,
    contextual: ReadonlyArray<Tuple.Tuple>,
  ) => lookUp(facts.gather(client, space, asked, steps, contextual));

  /** Asks the database for its own decisions. */
  const ask = Effect.fnUntraced(function* (
    { applicationId, organizationId }: facts.Space,
    text: string,
    parameters: ReadonlyArray<unknown>,
  ) {
    const rows = yield* lookUp(client.unsafe<statements.Row>(text, [organizationId, applicationId, ...parameters]));
    const [row = yield* Effect.die(new Error("A statement gave no answer."))] = rows;
    const answers = row.permitted.map((permitted): Decided => Result.succeed(answerOf(permitted, row)));
    return { common: row.common, revision: Moment.revisionOf(row), answers };
  });

  /** Decides questions by their facts, which one statement reads. */
  const decide = Effect.fnUntraced(function* (
    space: facts.Space,
    model: InForce,
    prepared: ReadonlyArray<Prepared>,
    contextual: ReadonlyArray<Tuple.Tuple>,
  ) {
    const reaches = new Map<Reach.Reach, ReadonlyArray<Reach.Step>>();
    const questions = prepared.map(({ question: { object, relation, subject } }, at) => {
      const reach = plans.of(model.model).reach(object.type, relation, whomOf(subject));
      reaches.set(reach, reach.steps);
      return { question: String(at), subject: subject.id, object, first: reach.first };
    });
    const found = yield* gather(
      space,
      { _tag: "Given", questions },
      Reach.distinct([...reaches.values()].flat()),
      contextual,
    );
    return {
      common: found.common,
      revision: Moment.revisionOf(found),
      answers: prepared.map(
        ({ context, question }, at): Decided =>
          Result.map(Evaluation.decide(model.model, found.facts(String(at)), question, context), (proof) =>
            answerOf(proof !== undefined, found),
          ),
      ),
    };
  });

  const check = Effect.fn("Authorization.check")(function* (asked: Check) {
    type Answering = Effect.Effect<
      Round,
      Errors.QuestionInvalid | Errors.TupleInvalid | Errors.QuestionTooWide | Unavailable
    >;
    const { answers, revision } = yield* inForce(asked.application, (model): Answering => {
      const prepared = prepare(model, asked);
      if (Result.isFailure(prepared)) return Effect.fail(prepared.failure);
      const { contextual, question } = prepared.success;
      const inSql = asking(model, prepared.success);
      const space = spaceOf(asked, model);
      return inSql === undefined
        ? decide(space, model, [prepared.success], contextual)
        : ask(space, inSql.one, [question.subject.id, question.object.id]);
    });
    const [answer = yield* Effect.die(new Error("A question was not answered."))] = answers;
    yield* demandRevision(asked, revision);
    return Result.isSuccess(answer) ? answer.success : yield* answer.failure;
  });

  const explain = Effect.fn("Authorization.explain")(function* (asked: Check) {
    const { explained } = yield* inForce(asked.application, (model) =>
      Effect.gen(function* () {
        const { context, contextual, question } = yield* Effect.fromResult(prepare(model, asked));
        const { object, relation, subject } = question;
        const { first, steps } = plans.of(model.model).reach(object.type, relation, whomOf(subject));
        const questions = [{ question: "0", subject: subject.id, object, first }];
        const found = yield* gather(spaceOf(asked, model), { _tag: "Given", questions }, steps, contextual);
        const facts = found.facts("0");
        const proof = yield* Effect.fromResult(Evaluation.decide(model.model, facts, question, context));
        const revision = Moment.revisionOf(found);
        const explained: Explained =
          proof === undefined
            ? { _tag: "Deny", revision, ...Explanation.lack(model.model, facts, question, context) }
            : { _tag: "Permit", revision, proof, text: Explanation.text(proof, subject) };
        return { common: found.common, explained };
      }),
    );
    yield* demandRevision(asked, explained.revision);
    return explained;
  });

  /** Questions of the same place: what all of them can be asked in, in SQL, or decided by. */
  const answerAll = Effect.fnUntraced(function* (
    space: facts.Space,
    model: InForce,
    prepared: ReadonlyArray<Prepared>,
  ): Effect.fn.Return<Round, Errors.QuestionTooWide | Unavailable> {
    const inSql = prepared.map((each) => asking(model, each));
    const kinds = new Map<plans.Asking, Array<number>>();
    for (const [at, how] of inSql.entries()) if (how !== undefined) kinds.set(how, [...(kinds.get(how) ?? []), at]);
    if (inSql.includes(undefined)) return yield* decide(space, model, prepared, []);
    const { parameters, text } = statements.many(
      [...kinds].map(([{ compiled }, places]) => ({
        compiled,
        numbers: places,
        objects: places.map((at) => prepared[at]?.question.object.id ?? ""),
        subjects: places.map((at) => prepared[at]?.question.subject.id ?? ""),
      })),
    );
    return yield* ask(space, text, parameters);
  });

  const checkAll = Effect.fn("Authorization.checkAll")(function* (
    space: Asked,
    questions: ReadonlyArray<Omit<Check, keyof Asked>>,
  ) {
    const { answers, revisions } = yield* inForce(space.application, (model) =>
      Effect.gen(function* () {
        const asked = questions.map((each) => prepare(model, each));
        const valid = asked.flatMap((each, at) => (Result.isSuccess(each) ? [{ at, ...each.success }] : []));
        const inSpace = spaceOf(space, model);
        // Facts that a question brings along hold for this one alone.
        const alone = valid.filter(({ contextual }) => contextual.length > 0);
        const together = valid.filter(({ contextual }) => contextual.length === 0);
        const rounds = [
          ...(together.length === 0 ? [] : [{ of: together, ...(yield* answerAll(inSpace, model, together)) }]),
          ...(yield* Effect.forEach(alone, (each) =>
            Effect.map(decide(inSpace, model, [each], each.contextual), (round) => ({ of: [each], ...round })),
          )),
        ];
        const byPlace = new Map<number, Decided>();
        for (const { answers: given, of } of rounds) {
          for (const [index, answer] of given.entries()) byPlace.set(of[index]?.at ?? -1, answer);
        }
        // What this model does not allow the next one may; nothing else says whether there is one.
        const isRefused = asked.some(Result.isFailure);
        return {
          common: isRefused ? -1n : (rounds.find(({ common }) => common !== model.common)?.common ?? model.common),
          revisions: rounds.map(({ revision }) => revision),
          answers: asked.map((each, at) =>
            Result.flatMap(each, (): Decided => byPlace.get(at) ?? Result.succeed({ _tag: "Deny", revision: 0n })),
          ),
        };
      }),
    );
    for (const revision of revisions) yield* demandRevision(space, revision);
    return answers;
  });

  const listObjects = Effect.fn("Authorization.listObjects")(function* (asked: ListObjects) {
    const limit = Math.max(1, asked.limit ?? PAGE);
    const items: Array<string> = [];
    let after = asked.after;
    let revision = 0n;
    // Of the first ones most may be seen; where they may not, more are looked at.
    for (let count = Math.min(limit, CANDIDATES); ; count = CANDIDATES) {
      const part = yield* inForce(asked.application, (model) =>
        Effect.gen(function* () {
          yield* Effect.fromResult(Asking.relationOf(model.model, asked.type, asked.relation));
          const subject = yield* Effect.fromResult(Asking.subject(model.model, asked.subject));
          const contextual = yield* Effect.forEach(asked.contextual ?? [], (written) =>
            Effect.fromResult(Asking.tuple(model.model, written)),
          );
          const behind = yield* Effect.fromResult(Asking.after(asked.type, after));
          const whom = whomOf(subject);
          const back = plans.of(model.model).back(asked.type, asked.relation, whom);
          // Then what is found is had, and needs no facts.
          const isExact = back.isExact && subject.id !== Tuple.ANY;
          const { first, steps } = isExact
            ? { first: [], steps: [] }
            : plans.of(model.model).reach(asked.type, asked.relation, whom);
          const sought = {
            type: asked.type,
            relation: asked.relation,
            subject,
            back,
            first,
            isExact,
            after: behind,
            limit: count,
          };
          const found = yield* gather(spaceOf(asked, model), { _tag: "Sought", ...sought }, steps, contextual);
          const decided: Array<{ readonly id: string; readonly has: Result.Result<boolean, Evaluation.Unanswered> }> =
            found.questions.map((id) => {
              if (isExact) return { id, has: Result.succeed(true) };
              const question = { subject, relation: asked.relation, object: { type: asked.type, id } };
              const proof = Evaluation.decide(model.model, found.facts(id), question, asked.context);
              return { id, has: Result.map(proof, (one) => one !== undefined) };
            });
          return { common: found.common, revision: Moment.revisionOf(found), decided };
        }),
      );
      revision = part.revision;
      yield* demandRevision(asked, revision);
      for (const { has, id } of part.decided) {
        after = id;
        if (yield* Effect.fromResult(has)) items.push(`${asked.type}:${id}`);
        if (items.length === limit) return { revision, items, next: after };
      }
      if (part.decided.length < count) return { revision, items, next: null };
    }
  });

  const listSubjects = Effect.fn("Authorization.listSubjects")(function* (asked: ListSubjects) {
    const { items, revision } = yield* inForce(asked.application, (model) =>
      Effect.gen(function* () {
        const object = yield* Effect.fromResult(Asking.object(asked.object));
        yield* Effect.fromResult(Asking.relationOf(model.model, object.type, asked.relation));
        const kinds = yield* Effect.forEach(asked.kinds, (kind) => Effect.fromResult(Asking.filter(model.model, kind)));
        const contextual = yield* Effect.forEach(asked.contextual ?? [], (written) =>
          Effect.fromResult(Asking.tuple(model.model, written)),
        );
        const reaches = kinds.map((kind) =>
          plans.of(model.model).reach(object.type, asked.relation, { which: "all", ...kind }),
        );
        const first = Reach.distinct(reaches.flatMap((reach) => reach.first));
        const found = yield* gather(
          spaceOf(asked, model),
          { _tag: "Given", questions: [{ question: "0", subject: "", object, first }] },
          Reach.distinct(reaches.flatMap(({ steps }) => steps)),
          contextual,
        );
        const undecided = Evaluation.undecided(model.model, found.tuples, asked.context);
        if (undecided !== undefined) return yield* undecided;
        // Those who have a relation to an object may lead on without a tuple that names them.
        const reached = [object, ...found.tuples.flatMap((tuple) => [tuple.subject, tuple.object])];
        const candidates = new Map<string, Tuple.Subject>();
        for (const { relation, type } of kinds) {
          for (const one of reached) {
            if (one.type !== type || (relation !== "" && one.id === Tuple.ANY)) continue;
            const subject = { type, id: one.id, relation };
            candidates.set(Tuple.subjectText(subject), subject);
          }
        }
        const items: Array<string> = [];
        for (const [text, subject] of [...candidates].sort(([left], [right]) => (left < right ? -1 : 1))) {
          const question = { subject, relation: asked.relation, object };
          const proof = yield* Effect.fromResult(
            Evaluation.decide(model.model, found.facts("0"), question, asked.context),
          );
          if (proof !== undefined) items.push(text);
        }
        return { common: found.common, revision: Moment.revisionOf(found), items };
      }),
    );
    yield* demandRevision(asked, revision);
    return { revision, items, next: null };
  });

  const mayBy = Effect.fnUntraced(function* (model: InForce, asked: Parameters<Authorization["Service"]["may"]>[0]) {
    yield* Effect.fromResult(Asking.relationOf(model.model, asked.type, asked.relation));
    const subject = yield* Effect.fromResult(Asking.subject(model.model, asked.subject));
    const isOne = subject.relation === "" && subject.id !== Tuple.ANY;
    const inSql = isOne ? plans.of(model.model).asking(asked.type, asked.relation, subject.type) : undefined;
    if (inSql === undefined) {
      return yield* new Errors.QuestionNotInSql({ type: asked.type, relation: asked.relation });
    }
    return may.condition(inSql.compiled, spaceOf(asked, model), subject.id, asked.object, model.common);
  });

  const write = Effect.fn("Authorization.write")(function* ({
    application = Application.PLATFORM,
    organization,
    ...change
  }: Space & writing.Change) {
    let model = yield* models.known(application);
    for (;;) {
      const exit = yield* connection
        .transaction(writing.write(spaceOf({ organization }, model), model, change))
        .pipe(Effect.provideService(ServiceConnection, connection), Effect.exit);
      if (Exit.isSuccess(exit) && exit.value !== "another model") return exit.value;
      const current = yield* models.current(application);
      if (Exit.isFailure(exit) && current.model === model.model) return yield* Effect.failCause(exit.cause);
      model = current;
    }
  });

  return Authorization.of({
    check,
    checkAll,
    explain,
    listObjects,
    listSubjects,
    write,
    may: Effect.fn("Authorization.may")((asked) =>
      Effect.flatMap(models.current(asked.application ?? Application.PLATFORM), (model) => mayBy(model, asked)),
    ),
  });
});

/** Authorization on a database. */
export const layer: Layer.Layer<Authorization, never, ServiceConnection | Models> = Layer.effect(Authorization, make);
