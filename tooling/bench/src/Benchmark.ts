/** What a benchmark is: some ways of doing one thing, measured beside each other. */
import type * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";

/** One way of doing it. */
export interface Case {
  /** What a reader knows it by; 40 characters at most fit into the table. */
  readonly name: string;
  /**
   * Does it once. The number counts up from 0 in each round, so that all cases can be given the same work. An operation
   * that does not do its work must fail: it would be measured as a fast one.
   */
  readonly operation: (index: number) => Effect.Effect<unknown, unknown>;
}

/** The ways to be compared; the first is the one that the others are compared with. */
export type Cases = readonly [baseline: Case, ...others: ReadonlyArray<Case>];

/** How much is measured. */
export interface Plan {
  /** How many operations are under way at once. */
  readonly concurrencies: ReadonlyArray<number>;
  /** How often each case has its turn; once more at first, to warm up, which does not count. */
  readonly rounds: number;
  /** How long a turn is. */
  readonly milliseconds: number;
}

/** One thing, and the ways of doing it. */
export interface Subject {
  /** What is done. */
  readonly name: string;
  readonly cases: Cases;
  /** Where it is to be measured otherwise than what else is. */
  readonly plan?: Partial<Plan>;
}

/** What is to be measured. */
export interface SetUp {
  readonly subjects: ReadonlyArray<Subject>;
  /** What a reader must know of what was set up, in lines. */
  readonly notes?: ReadonlyArray<string>;
}

/** A benchmark, as `pnpm bench <name>` runs it. */
export interface Benchmark {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly description: string;
  /** Starts and fills what the cases need; it is there until the scope closes. */
  readonly setUp: Effect.Effect<SetUp, unknown, Scope.Scope>;
}

/** Two calls that must not be told apart by their time. */
export interface Pair {
  readonly name: string;
  readonly one: Effect.Effect<unknown, unknown>;
  readonly other: Effect.Effect<unknown, unknown>;
}

/** A comparison of such calls, which `pnpm bench <name>` runs too. */
export interface Comparison {
  readonly name: string;
  /** One line for the list of benchmarks. */
  readonly description: string;
  /** Starts and fills what the calls need; it is there until the scope closes. */
  readonly setUp: Effect.Effect<ReadonlyArray<Pair>, unknown, Scope.Scope>;
}
