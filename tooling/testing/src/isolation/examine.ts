/** Running every attack in one way. */
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { type Administrator, undone } from "./Administrator.ts";
import type { Actor, Attack } from "./Attack.ts";
import { byAdministrator, byClient, readyAdministrator } from "./attempts.ts";
import { type Finding, type Outcome, shownBy } from "./Finding.ts";
import { type Kind, kinds } from "./judge.ts";
import { type Options, type Prepared, prepare } from "./prepare.ts";

/** What was tried with the tables of a kind. */
export interface Line {
  readonly kind: Kind | "neither";
  readonly tables: number;
  readonly attacks: number;
  readonly refused: number;
  /** What has to be granted, so that refusing everything is not enough. */
  readonly rights: number;
  readonly granted: number;
}

/** What came of it in one way. */
export interface Report {
  readonly way: string;
  readonly tenants: number;
  readonly tables: ReadonlyMap<string, Kind | "neither">;
  readonly lines: ReadonlyArray<Line>;
  readonly findings: ReadonlyArray<Finding>;
}

/** By which way the database is reached. */
export interface Way {
  /** What the report calls it. */
  readonly way?: string | undefined;
  /** How many attempts may be on their way at the same time, of several tenants; one unless stated. */
  readonly concurrency?: number | undefined;
}

/** An attack that an application's client can make. */
type Own = Attack & { readonly actor: Exclude<Actor, { readonly _tag: "Owner" }> };

const isOwn = (attack: Attack): attack is Own => attack.actor._tag !== "Owner" && attack.given === undefined;

/** The login under which a client's sessions began. */
export const loginOf = (client: PgClient): Effect.Effect<string, SqlError> =>
  Effect.flatMap(client<{ login: string }>`select session_user as login`, ([row]) =>
    row === undefined ? Effect.die(new Error("A SELECT without FROM has one row.")) : Effect.succeed(row.login),
  );

/** All rows of the tables of organizations, as one text. */
const rowsOf = Effect.fnUntraced(function* (admin: Administrator, tables: Prepared["tables"]) {
  const apart = [...tables].flatMap(([table, kind]) => (kind === "kept apart" ? [table] : []));
  return yield* admin.transaction(
    Effect.forEach(apart, (table) => admin.client`select t::text from ${admin.client(table)} t order by 1`),
  );
});

/** First, while there are connections that were in no tenant yet; then among tenants; then the others. */
const phases = ["untouched", "tenants", "others"] as const;

const phaseOf = (actor: Actor): (typeof phases)[number] => {
  if (actor._tag === "Tenant") return "tenants";
  return actor._tag === "Nowhere" && actor.setting === "untouched" ? "untouched" : "others";
};

/** Tries by a client: what one actor tries with one table one after the other, all else at the same time. */
const attempted = (client: PgClient, attacks: ReadonlyArray<Own>, concurrency: number) =>
  Effect.forEach(
    Map.groupBy(attacks, ({ actor, table }) => JSON.stringify([table, actor])).values(),
    (group) =>
      Effect.forEach(group, (attack) =>
        Effect.map(byClient(client, attack.actor, attack.statement), (outcome) => [attack, outcome] as const),
      ),
    { concurrency },
  ).pipe(Effect.map((outcomes) => outcomes.flat()));

/**
 * Finds every table of the database, makes tenants with rows in them, and lets each tenant try to reach the rows of each
 * other one, by `PgClient` and the scopes of `Tenancy`; and so do the application's login, the tenant role without a
 * tenant, and the tables' owner, outside every scope. The rows that it makes stay.
 *
 * It does not fail for what it finds: see `assertIsolated`.
 */
export const examine = Effect.fn("Isolation.examine")(function* (
  options: Options & Way,
): Effect.fn.Return<Report, SqlError, PgClient> {
  const { admin, concurrency = 1, tenants = 3, way = "as given" } = options;
  const client = yield* PgClient;
  const login = yield* loginOf(client);
  const { attacks, findings, tables } = yield* admin.transaction(prepare(options, login));
  const before = yield* rowsOf(admin, tables);

  const own = Map.groupBy(attacks.filter(isOwn), ({ actor }) => phaseOf(actor));
  const ofOwn = yield* Effect.forEach(phases, (phase) => attempted(client, own.get(phase) ?? [], concurrency));

  // What needs more than the client of an application.
  const rest = attacks.filter((attack) => !isOwn(attack));
  const outcomes = yield* undone(
    admin,
    Effect.andThen(readyAdministrator(admin.client), byAdministrator(admin.client, login, rest)),
  );
  const ends: ReadonlyArray<readonly [Attack, Outcome]> = [
    ...ofOwn.flat(),
    ...rest.flatMap((attack, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [[attack, outcome] as const];
    }),
  ];

  const found = ends.flatMap(([attack, outcome]) => shownBy(attack, outcome) ?? []);
  const after = yield* rowsOf(admin, tables);
  const changed: ReadonlyArray<Finding> =
    JSON.stringify(before) === JSON.stringify(after)
      ? []
      : [{ table: "the tables", says: "hold other rows than before", remedy: "Let nobody else use the database." }];
  return { way, tenants, tables, lines: linesOf(tables, ends), findings: [...findings, ...found, ...changed] };
});

const linesOf = (tables: Prepared["tables"], ends: ReadonlyArray<readonly [Attack, Outcome]>): ReadonlyArray<Line> =>
  [...kinds, "neither" as const].flatMap((kind) => {
    const number = [...tables.values()].filter((other) => other === kind).length;
    if (number === 0) return [];
    const those = ends.filter(([{ table }]) => tables.get(table) === kind);
    const [rights, attacks] = [true, false].map((isRight) =>
      those.filter(([{ expected }]) => (expected._tag === "Granted") === isRight),
    );
    const well = (some: typeof those = []) =>
      some.filter(([attack, outcome]) => shownBy(attack, outcome) === undefined).length;
    return [
      {
        kind,
        tables: number,
        attacks: attacks?.length ?? 0,
        refused: well(attacks),
        rights: rights?.length ?? 0,
        granted: well(rights),
      },
    ];
  });
