/** Taking away each control by itself: the suite has to see it. */
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { type Administrator, undone } from "./Administrator.ts";
import type { Attack } from "./Attack.ts";
import { byAdministrator, readyAdministrator } from "./attempts.ts";
import { loginOf } from "./examine.ts";
import { type Finding, shownBy } from "./Finding.ts";
import { count, type Mutant, mutants } from "./mutants.ts";
import { type Options, prepare } from "./prepare.ts";

/** A control that was taken away. */
export interface Mutated extends Mutant {
  /** The first thing that was then wrong; nothing, where nobody saw that the control was gone. */
  readonly seen: Finding | undefined;
}

/** What came of it. */
export interface Mutation {
  readonly mutants: ReadonlyArray<Mutated>;
  readonly survivors: ReadonlyArray<Mutated>;
  /** How many there are of each kind, counted in the catalogue by a query of its own (`countingQuery`). */
  readonly counted: ReadonlyMap<string, number>;
  /** What was wrong while every control was there, and the survivors. */
  readonly findings: ReadonlyArray<Finding>;
}

/** Some attacks at a time: who looks for the first that comes through need not wait for the last. */
const atOnce = 24;

/** Which attacks show something to be wrong; the first of them are enough, unless all are wanted. */
const wrong = Effect.fnUntraced(function* (
  admin: Administrator,
  login: string,
  attacks: ReadonlyArray<Attack>,
  wanted: "first" | "all",
) {
  const shown: Array<readonly [Attack, Finding]> = [];
  for (let from = 0; from < attacks.length && (wanted === "all" || shown.length === 0); from += atOnce) {
    const some = attacks.slice(from, from + atOnce);
    const outcomes = yield* byAdministrator(admin.client, login, some);
    for (const [index, outcome] of outcomes.entries()) {
      const attack = some[index];
      const finding = attack && shownBy(attack, outcome);
      if (attack !== undefined && finding !== undefined) shown.push([attack, finding]);
    }
  }
  return shown;
});

const unseen = ({ control, kind, statement, table }: Mutant): Finding => ({
  table,
  says: `nobody sees that it is taken away: ${kind} ${control}`.trimEnd(),
  statement,
  remedy: "Either another control stops the same, or what it stops is not tried.",
});

/**
 * Takes away every control that the catalogue has, one at a time, and lets two tenants try every attack again, first on the table from
 * which it was taken and then, if nobody saw it, on all. Everything happens in one transaction that is rolled back; the
 * login is that of `PgClient`.
 */
export const mutate = Effect.fn("Isolation.mutate")(function* (
  options: Options,
): Effect.fn.Return<Mutation, SqlError, PgClient> {
  const { admin } = options;
  const login = yield* loginOf(yield* PgClient);
  const all = Effect.gen(function* () {
    const { attacks, findings } = yield* prepare({ ...options, tenants: 2 }, login);
    yield* readyAdministrator(admin.client);
    const before = new Map(yield* wrong(admin, login, attacks, "all"));
    // What is wrong anyhow shows nothing of a control.
    const sound = attacks.filter((attack) => !before.has(attack));
    const counted = yield* count(admin.client, login);

    const tried = yield* Effect.forEach(
      yield* mutants(admin.client, login),
      Effect.fnUntraced(function* (mutant) {
        const nearest = [
          ...sound.filter(({ table }) => table === mutant.table),
          ...sound.filter(({ table }) => table !== mutant.table),
        ];
        const [first] = yield* undone(
          admin,
          Effect.andThen(admin.client.unsafe(mutant.statement), wrong(admin, login, nearest, "first")),
        );
        return { ...mutant, seen: first?.[1] };
      }),
    );
    const survivors = tried.filter(({ seen }) => seen === undefined);
    return {
      mutants: tried,
      survivors,
      counted,
      findings: [...findings, ...before.values(), ...survivors.map(unseen)],
    };
  });
  return yield* undone(admin, all);
});
