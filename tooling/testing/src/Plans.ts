/**
 * How PostgreSQL runs a statement in a tenant's scope, and what must be true of it. The statement is run, so that rows
 * and loops are those that were, and all that it wrote is undone.
 */
import { AssertionError } from "node:assert";
import { randomBytes } from "node:crypto";
import type { Errors } from "@beep/iam-domain";
import { Tenancy } from "@beep/iam-server";
import type { SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import type { Sent } from "./Statements.ts";

const fields = {
  "Node Type": Schema.String,
  "Parent Relationship": Schema.optionalKey(Schema.String),
  "Relation Name": Schema.optionalKey(Schema.String),
  "Index Name": Schema.optionalKey(Schema.String),
  "Actual Loops": Schema.Number,
  "Actual Rows": Schema.Number,
  "Rows Removed by Filter": Schema.optionalKey(Schema.Number),
  "Rows Removed by Index Recheck": Schema.optionalKey(Schema.Number),
  "Shared Hit Blocks": Schema.Number,
  "Shared Read Blocks": Schema.Number,
  Output: Schema.optionalKey(Schema.Array(Schema.String)),
  Filter: Schema.optionalKey(Schema.String),
  "Index Cond": Schema.optionalKey(Schema.String),
  "Recheck Cond": Schema.optionalKey(Schema.String),
  "Order By": Schema.optionalKey(Schema.String),
  "Join Filter": Schema.optionalKey(Schema.String),
  "Hash Cond": Schema.optionalKey(Schema.String),
  "Merge Cond": Schema.optionalKey(Schema.String),
  "One-Time Filter": Schema.optionalKey(Schema.String),
  "Conflict Filter": Schema.optionalKey(Schema.String),
};

/** A node of a plan, by PostgreSQL's own names; rows are those of one loop, in the mean. */
export interface Node extends Schema.Struct.Type<typeof fields> {
  readonly Plans?: ReadonlyArray<Node>;
}

const Node = Schema.Struct({
  ...fields,
  Plans: Schema.optionalKey(Schema.Array(Schema.suspend((): Schema.Codec<Node, unknown> => Node))),
});

const Explained = Schema.Tuple([
  Schema.Struct({ "QUERY PLAN": Schema.Tuple([Schema.Struct({ Plan: Node, "Execution Time": Schema.Number })]) }),
]);

/** How a statement was run. */
export interface Plan {
  readonly node: Node;
  readonly milliseconds: number;
}

/** A statement as drizzle's `toSQL()` gives it, or with the parameters `$1`, `$2`, … as they are. */
export interface Statement {
  readonly sql: string;
  readonly params: ReadonlyArray<unknown>;
}

/**
 * How PostgreSQL plans a prepared statement: for the parameters that it was given, or for any. After five executions it
 * decides by itself which of the two it goes on with, so that a hot statement must be good both ways.
 */
export type Way = "custom" | "generic";

/** Both ways. */
export const ways: ReadonlyArray<Way> = ["custom", "generic"];

/** Carries a plan out of the transaction, and makes that roll back. */
class Undone extends Schema.TaggedError<Undone>()("Undone", { rows: Schema.Unknown }) {}

/** Runs a statement as an organization's, and gives the plan. Joins the transaction that is open, if one is. */
export const explain = Effect.fn("Plans.explain")(function* (
  client: PgClient,
  organizationId: SharedEntityIds.OrganizationId,
  { params, sql }: Statement,
  way: Way = "custom",
): Effect.fn.Return<Plan, SqlError | Errors.CommitUnknown | Schema.SchemaError> {
  return yield* run(client, { sql, params: params.map((value) => ({ type: "unknown", value })) }, way).pipe(
    Tenancy.within(organizationId),
    Effect.catchTag("Undone", ({ rows }) => planOf(rows)),
    Effect.provideService(PgClient, client),
  );
});

/**
 * Runs a statement again that was sent, and gives the plan: in the scope that was entered last before it, or under the
 * role that the services' own connections have from their start.
 *
 * @param sent what was sent until then, in its order
 */
export const explainSent = Effect.fn("Plans.explainSent")(function* (
  client: PgClient,
  sent: ReadonlyArray<Sent>,
  { params, text }: Sent,
  way: Way = "custom",
): Effect.fn.Return<Plan, SqlError | Schema.SchemaError> {
  const scope = sent.findLast(({ purpose }) => purpose === "scope");
  const enter =
    scope === undefined
      ? client`select set_config('role', 'iam_service', true)`
      : execute(client, { sql: scope.text, params: scope.params });
  return yield* Effect.andThen(enter, run(client, { sql: text, params }, way)).pipe(
    client.withTransaction,
    Effect.catchTag("Undone", ({ rows }) => planOf(rows)),
  );
});

/** A statement whose parameters state their types. */
interface Typed {
  readonly sql: string;
  readonly params: ReadonlyArray<{ readonly type: string; readonly value: unknown }>;
}

/** Executes a statement as a prepared one. */
const execute = Effect.fnUntraced(function* (client: PgClient, { params, sql }: Typed, before = "") {
  const name = `explained_${randomBytes(8).toString("hex")}`;
  const list = (items: ReadonlyArray<string>) => (items.length === 0 ? "" : `(${items.join()})`);
  yield* client.unsafe(`prepare ${name} ${list(params.map(({ type }) => type))} as ${sql}`);
  const rows = yield* client.unsafe(`${before} execute ${name}${list(params.map(({ value }) => literal(value)))}`);
  yield* client.unsafe(`deallocate ${name}`);
  return rows;
});

/** Executes a statement, and fails with its plan, so that the transaction rolls back. */
const run = Effect.fnUntraced(function* (client: PgClient, statement: Typed, way: Way) {
  yield* client`select set_config('plan_cache_mode', ${`force_${way}_plan`}, true)`;
  return yield* new Undone({
    rows: yield* execute(client, statement, "explain (analyze, verbose, buffers, format json)"),
  });
});

const planOf = (rows: unknown): Effect.Effect<Plan, Schema.SchemaError> =>
  Effect.map(
    Schema.decodeUnknownEffect(Explained)(rows),
    ([
      {
        "QUERY PLAN": [explained],
      },
    ]) => ({
      node: explained.Plan,
      milliseconds: explained["Execution Time"],
    }),
  );

/** A parameter as SQL writes it, for `EXECUTE`, which takes none. */
const literal = (value: unknown): string => {
  if (value === null || value === undefined) return "null";
  const text = value instanceof Date ? value.toISOString() : String(value);
  return `E'${text.replaceAll(/['\\]/g, "\\$&")}'`;
};

/** Fails unless the setting that names the organization is read, and each policy reads it once, not for every row. */
export const readsSettingOnce = (plan: Plan): void => {
  const reading = nodesOf(plan).filter(({ node }) =>
    expressionsOf(node).some((text) => text.includes("current_setting(")),
  );
  const isOnce = ({ node }: Placed) => node["Parent Relationship"] === "InitPlan" && node["Actual Loops"] <= 1;
  demand(
    reading.every(isOnce) && reading.some(({ node }) => node["Actual Loops"] === 1),
    plan,
    "reads the setting otherwise than once",
  );
};

/** Fails unless a table is reached by an index of that name. */
export const usesIndex = (plan: Plan, table: string, index: string): void => {
  const used = nodesOf(plan).filter(({ node }) => node["Index Name"] !== undefined && node["Actual Loops"] > 0);
  demand(
    used.some(({ node, relation }) => relation === table && node["Index Name"] === index),
    plan,
    `does not reach ${table} by ${index}`,
  );
};

/** Fails when a table is read from its beginning to its end. */
export const scansNoWhole = (plan: Plan, table: string): void => {
  const whole = nodesOf(plan).filter(({ node }) => node["Node Type"] === "Seq Scan");
  demand(!whole.some(({ relation }) => relation === table), plan, `reads the whole of ${table}`);
};

/** Fails when more rows of all tables were looked at, whether or not they are part of the answer. */
export const looksAtMost = (plan: Plan, rows: number): void => {
  const looked = rowsLookedAt(plan);
  demand(looked <= rows, plan, `looks at ${looked} rows, which are more than ${rows}`);
};

/** How many rows of all tables were looked at. */
export const rowsLookedAt = (plan: Plan): number =>
  nodesOf(plan)
    // What a bitmap finds is counted where its rows are fetched.
    .filter(({ node }) => node["Relation Name"] !== undefined && node["Node Type"].includes("Scan"))
    .map(
      ({ node }) =>
        (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Index Recheck"] ?? 0)) *
        node["Actual Loops"],
    )
    .reduce((sum, each) => sum + each, 0);

/** The plan in a line for each node. */
export const render = (plan: Plan): string =>
  nodesOf(plan)
    .map(({ depth, node }) =>
      [
        "  ".repeat(depth) + node["Node Type"],
        ...(node["Parent Relationship"] === "InitPlan" ? ["(once)"] : []),
        ...(node["Index Name"] === undefined ? [] : [`by ${node["Index Name"]}`]),
        ...(node["Relation Name"] === undefined ? [] : [`on ${node["Relation Name"]}`]),
        `rows ${node["Actual Rows"]}`,
        ...(node["Actual Loops"] === 1 ? [] : [`× ${node["Actual Loops"]}`]),
      ].join(" "),
    )
    .join("\n");

interface Placed {
  readonly node: Node;
  readonly depth: number;
  /** The table that it reads; for a bitmap of rows, that of the node above, which fetches them. */
  readonly relation: string | undefined;
}

/** All nodes, each before those below it. */
const nodesOf = (plan: Plan): ReadonlyArray<Placed> => {
  const below = (node: Node, depth: number, above: string | undefined): ReadonlyArray<Placed> => {
    const relation = node["Relation Name"] ?? above;
    return [{ node, depth, relation }, ...(node.Plans ?? []).flatMap((child) => below(child, depth + 1, relation))];
  };
  return below(plan.node, 0, undefined);
};

/** Every expression of a node. */
const expressionsOf = (node: Node): ReadonlyArray<string> =>
  [
    ...(node.Output ?? []),
    node.Filter,
    node["Index Cond"],
    node["Recheck Cond"],
    node["Order By"],
    node["Join Filter"],
    node["Hash Cond"],
    node["Merge Cond"],
    node["One-Time Filter"],
    node["Conflict Filter"],
  ].filter((expression) => expression !== undefined);

const demand = (holds: boolean, plan: Plan, message: string): void => {
  if (!holds) throw new AssertionError({ message: `The plan ${message}.\n${render(plan)}` });
};
