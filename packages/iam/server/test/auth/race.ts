/**
 * Two requests at once, over connections of their own. In every other round the table that both will write to is locked
 * until both have come to write, or wait for each other; in the rest they run as it comes.
 */
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { atWrite, superuser } from "./atWrite.ts";
import type { Answer } from "./browser.ts";

/** How often a race is run. */
export const rounds = 8;

/** For those who write in transactions, each on a connection of its own: both do come. */
export const patient = 5_000;

/** For those who write outside of transactions: they may share a connection, on which one waits behind the other. */
export const hasty = 100;

/** What became of a round. */
interface Round<P> {
  /** In the order of their status. */
  readonly answers: ReadonlyArray<Answer>;
  readonly prepared: P;
  /** Whether both were held up at their writing. */
  readonly held: boolean;
}

/**
 * Repeats a race.
 *
 * @param prepare makes what the sides race for, and gives the sides
 * @param judge looks at what became of it
 */
export const race = Effect.fnUntraced(function* <P, E, R, E2, R2>(
  tables: string | ReadonlyArray<string>,
  prepare: (
    round: number,
  ) => Effect.Effect<{ readonly sides: ReadonlyArray<Effect.Effect<Answer>>; readonly prepared: P }, E, R>,
  judge: (round: Round<P>, sql: PgClient) => Effect.Effect<void, E2, R2>,
  looks: number = patient,
) {
  const sql = yield* superuser;
  for (let round = 0; round < rounds; round++) {
    const { sides, prepared } = yield* prepare(round);
    const held = round % 2 === 0;
    const answers = yield* held ? atWrite(sql, tables, sides, looks) : Effect.all(sides, { concurrency: "unbounded" });
    yield* judge({ answers: answers.toSorted((one, other) => one.status - other.status), prepared, held }, sql);
  }
});

/** One side won, and the other was refused with one of these. */
export const assertOneWinner = ([winner, loser]: ReadonlyArray<Answer>, refusals: ReadonlyArray<string>): void => {
  assert.strictEqual(winner?.status, 200, JSON.stringify(winner?.body));
  assert.isTrue(loser !== undefined && loser.status >= 400 && loser.status < 500, JSON.stringify(loser));
  assert.include(refusals, loser?.code);
};
