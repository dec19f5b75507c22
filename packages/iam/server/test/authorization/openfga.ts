/** The suites of the OpenFGA project, as they are published, and how its own runner runs them. */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Model, Tuple } from "@beep/iam-domain";
import { Authorization, AuthorizationModels } from "@beep/iam-server";
import type { SharedEntityIds } from "@beep/shared-domain";
import * as Proofs from "@beep/testing/Proofs";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Random from "effect/Random";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { parse } from "yaml";

const folder = fileURLToPath(new URL("../../../../../../shared/conformance/openfga", import.meta.url));

/** Whether the suites are here. */
export const isThere = existsSync(folder);

const Context = Schema.Record(Schema.String, Schema.Unknown);

const Fact = Schema.Struct({
  user: Schema.String,
  relation: Schema.String,
  object: Schema.String,
  condition: Schema.optional(Schema.Struct({ name: Schema.String, context: Schema.optional(Context) })),
});

const Facts = Schema.optional(Schema.NullOr(Schema.Array(Fact)));

const common = {
  contextualTuples: Facts,
  context: Schema.optional(Schema.NullOr(Context)),
  errorCode: Schema.optional(Schema.Int),
};

const list = { ...common, expectation: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))) };

const Stage = Schema.Struct({
  model: Schema.String,
  tuples: Facts,
  checkAssertions: Schema.optional(
    Schema.NullOr(
      Schema.Array(
        Schema.Struct({ ...common, tuple: Fact, expectation: Schema.optional(Schema.NullOr(Schema.Boolean)) }),
      ),
    ),
  ),
  listObjectsAssertions: Schema.optional(
    Schema.NullOr(
      Schema.Array(
        Schema.Struct({
          ...list,
          request: Schema.Struct({ user: Schema.String, type: Schema.String, relation: Schema.String }),
        }),
      ),
    ),
  ),
  listUsersAssertions: Schema.optional(
    Schema.NullOr(
      Schema.Array(
        Schema.Struct({
          ...list,
          request: Schema.Struct({
            object: Schema.String,
            relation: Schema.String,
            filters: Schema.Array(Schema.String),
          }),
        }),
      ),
    ),
  ),
});
type Stage = typeof Stage.Type;

const Suite = Schema.Struct({
  tests: Schema.Array(Schema.Struct({ name: Schema.String, stages: Schema.Array(Stage) })),
});
export type Test = (typeof Suite.Type)["tests"][number];

/** The tests of a suite. */
export const tests = (suite: "consolidated_1_1_tests" | "abac_tests"): ReadonlyArray<Test> =>
  Schema.decodeUnknownSync(Suite)(parse(readFileSync(`${folder}/${suite}.yaml`, "utf8"))).tests;

const written = ({ condition, object, relation, user }: typeof Fact.Type): Tuple.Written => ({
  subject: user,
  relation,
  object,
  ...(condition === undefined
    ? {}
    : {
        condition: {
          name: condition.name,
          ...(condition.context === undefined ? {} : { context: condition.context }),
        },
      }),
});

/** OpenFGA's numbers of our errors. */
const numbers: Readonly<Record<string, number>> = {
  QUESTION_INVALID: 2000,
  CONDITION_UNDECIDED: 2000,
  QUESTION_TOO_DEEP: 2002,
  TYPE_UNKNOWN: 2021,
  RELATION_UNKNOWN: 2022,
  TUPLE_INVALID: 2027,
};

/** What is expected of an assertion, and what came of it. */
export interface Outcome {
  readonly kind: "check" | "proof" | "list objects" | "list users";
  readonly test: string;
  readonly asked: string;
  readonly expected: unknown;
  readonly got: unknown;
}

const numberOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? (numbers[String(error.code)] ?? error.code) : error;

/** As the official runner writes them. */
const CHUNK = 40;

/** Tuples of a stage that are brought along are not more than this. */
const CONTEXTUAL = 100;

type Space = Authorization.Space & { readonly application: string };

/** Everything that a list has, page by page. */
const everyObject = Effect.fnUntraced(function* (question: Authorization.ListObjects) {
  const { listObjects } = yield* Authorization.Authorization;
  const items: Array<string> = [];
  for (let after: string | null | undefined; after !== null; ) {
    const page: Authorization.Listed = yield* listObjects({ ...question, after, limit: 3 });
    items.push(...page.items);
    after = page.next;
  }
  return items;
});

const parsed = ({ condition, object, relation, subject }: Tuple.Written): Tuple.Tuple => ({
  subject: Option.getOrThrow(Tuple.subject(subject)),
  relation,
  object: Option.getOrThrow(Tuple.object(object)),
  condition: condition === undefined ? null : { name: condition.name, context: condition.context ?? {} },
});

/** Runs the assertions of a stage; `along` are facts that each question brings along, beside those that are stored. */
const assertions = Effect.fnUntraced(function* (
  { name }: Test,
  stage: Stage,
  space: Space,
  along: ReadonlyArray<Tuple.Written>,
  stored: ReadonlyArray<Tuple.Written>,
) {
  const { check, explain, listSubjects } = yield* Authorization.Authorization;
  const outcomes: Array<Outcome> = [];
  const brought = (assertion: { readonly contextualTuples?: typeof Facts.Type; readonly context?: unknown }) => {
    const context = Schema.is(Context)(assertion.context) ? assertion.context : {};
    return { ...space, context, contextual: [...along, ...(assertion.contextualTuples ?? []).map(written)] };
  };
  const isPermitted = (question: Authorization.Check) => Effect.map(check(question), ({ _tag }) => _tag === "Permit");
  const add = (kind: Outcome["kind"], asked: unknown, expected: unknown, got: Result.Result<unknown, unknown>) =>
    outcomes.push({
      kind,
      test: name,
      asked: JSON.stringify(asked),
      expected,
      got: Result.isFailure(got) ? numberOf(got.failure) : got.success,
    });

  for (const assertion of stage.checkAssertions ?? []) {
    const question = { ...brought(assertion), ...written(assertion.tuple) };
    add(
      "check",
      assertion,
      assertion.errorCode ?? assertion.expectation ?? false,
      yield* Effect.result(isPermitted(question)),
    );
    // Of the same facts brought along the proof is the same.
    if (assertion.expectation !== true || along.length > 0) continue;
    const explained = yield* Effect.result(explain(question));
    const fault = Result.map(explained, (why) =>
      why._tag === "Deny"
        ? "it is denied"
        : Proofs.fault(
            {
              model: Result.getOrThrow(Model.parse(stage.model)),
              tuples: [...stored, ...question.contextual].map(parsed),
              subject: Option.getOrThrow(Tuple.subject(question.subject)),
              context: question.context,
            },
            why.proof,
          ),
    );
    add("proof", assertion, undefined, fault);
  }
  for (const assertion of stage.listObjectsAssertions ?? []) {
    const { relation, type, user } = assertion.request;
    const listed = yield* Effect.result(everyObject({ ...brought(assertion), subject: user, relation, type }));
    const expected = assertion.errorCode ?? [...(assertion.expectation ?? [])].sort();
    add(
      "list objects",
      assertion,
      expected,
      Result.map(listed, (items) => [...items].sort()),
    );
    for (const object of Result.getOrElse(listed, () => [])) {
      const permitted = yield* Effect.result(isPermitted({ ...brought(assertion), subject: user, relation, object }));
      if (!Result.getOrElse(permitted, () => false)) add("list objects", object, "checks as listed", permitted);
    }
  }
  for (const assertion of stage.listUsersAssertions ?? []) {
    const { filters, object, relation } = assertion.request;
    const listed = yield* Effect.result(
      Effect.map(listSubjects({ ...brought(assertion), object, relation, kinds: filters }), ({ items }) => items),
    );
    const expected = assertion.errorCode ?? [...(assertion.expectation ?? [])].sort();
    add(
      "list users",
      assertion,
      expected,
      Result.map(listed, (items) => [...items].sort()),
    );
    for (const subject of Result.getOrElse(listed, () => [])) {
      const permitted = yield* Effect.result(isPermitted({ ...brought(assertion), subject, relation, object }));
      if (!Result.getOrElse(permitted, () => false)) add("list users", subject, "checks as listed", permitted);
    }
  }
  return outcomes;
});

/** Runs a test: as its stages say, and where it has one stage also with all tuples brought along by the questions. */
export const run = Effect.fnUntraced(function* (
  test: Test,
  organization: SharedEntityIds.OrganizationId,
  application: string,
) {
  const models = yield* AuthorizationModels.Models;
  const { write } = yield* Authorization.Authorization;
  const space = { organization, application };
  const outcomes: Array<Outcome> = [];
  yield* models.application({ key: application, name: test.name });

  const [only, ...others] = test.stages;
  const tuples = (only?.tuples ?? []).map(written);
  if (only !== undefined && others.length === 0 && tuples.length <= CONTEXTUAL) {
    yield* models.write(application, only.model);
    outcomes.push(...(yield* assertions(test, only, space, tuples, [])));
  }
  const stored: Array<Tuple.Written> = [];
  for (const stage of test.stages) {
    yield* models.write(application, stage.model);
    const shuffled = yield* Random.shuffle((stage.tuples ?? []).map(written));
    for (let at = 0; at < shuffled.length; at += CHUNK) {
      yield* write({ ...space, writes: shuffled.slice(at, at + CHUNK) });
    }
    stored.push(...shuffled);
    outcomes.push(...(yield* assertions(test, stage, space, [], stored)));
  }
  return outcomes;
});
