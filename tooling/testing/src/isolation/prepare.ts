/** What is to be tried in a database, found in its catalogue. */
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import type { Administrator } from "./Administrator.ts";
import type { Actor, Attack } from "./Attack.ts";
import { acrossTenants } from "./attacks/acrossTenants.ts";
import { type Caller, calling } from "./attacks/calling.ts";
import { closed, ownPolicy, shown, throughView } from "./attacks/elsewhere.ts";
import { own } from "./attacks/own.ts";
import { recorded } from "./attacks/recorded.ts";
import { rewriting } from "./attacks/rewriting.ts";
import { service, serviceIn } from "./attacks/service.ts";
import { login as loginTries, nowhere, owner } from "./attacks/withoutTenant.ts";
import type { Finding } from "./Finding.ts";
import { definerFunctions } from "./functions.ts";
import { type Judgement, judge, type Kind } from "./judge.ts";
import { literal } from "./names.ts";
import { type OwnPolicies, type OwnPolicy, ours } from "./OwnPolicies.ts";
import { isolation, type Relation, relations as relationsOf } from "./relations.ts";
import { populate, type Tenant } from "./rows.ts";
import { type Allowed, wrongFunctions, wrongTables } from "./rules.ts";

/** What the suite is told of a database. */
export interface Options extends Allowed {
  /** Who makes the tenants; a superuser. */
  readonly admin: Administrator;
  /** How many tenants there are to be, from two; three unless stated. */
  readonly tenants?: number | undefined;
  /** Values that cannot be guessed: an expression of SQL by `table.column`. It has to give different ones where they must differ. */
  readonly expressions?: Readonly<Record<string, string>> | undefined;
  /** What a tenant may see of the application's tables that state a policy of their own. Ours are known. */
  readonly ownPolicies?: OwnPolicies | undefined;
}

/** What is to be tried, and what is wrong already. */
export interface Prepared {
  /** Each table, and each function that runs under its owner's rights, with what is to be said of it. */
  readonly tables: ReadonlyMap<string, Kind | "neither">;
  readonly attacks: ReadonlyArray<Attack>;
  readonly findings: ReadonlyArray<Finding>;
}

const actorOf = ({ organization }: Tenant, index: number): Actor => ({
  _tag: "Tenant",
  organization,
  who: `tenant ${index + 1}`,
});

/** The rows of a table that a tenant may see, as its policy is expected to say. */
const seenOf = (admin: Administrator, relation: Relation, policy: OwnPolicy, { organization }: Tenant) =>
  Effect.map(
    admin.client.unsafe<{ shown: string }>(
      `select ${shown(policy)} as shown from ${relation.sql} where ${policy.rows(`${literal(organization)}::uuid`)}`,
    ),
    (rows) => rows.map((row) => row.shown),
  );

/** What was found and made. */
interface Found {
  readonly relations: ReadonlyArray<Relation>;
  readonly tenants: ReadonlyArray<Tenant>;
  readonly ownPolicies: OwnPolicies;
}

/** What tenants try with a table. */
const tried = Effect.fnUntraced(function* (
  admin: Administrator,
  relation: Relation,
  judgement: Judgement,
  { ownPolicies, relations, tenants }: Found,
) {
  const attackers = tenants.map((tenant, index) => ({ tenant, actor: actorOf(tenant, index) }));
  const isClosed = judgement._tag === "Kept" && judgement.kind === "closed to tenants";
  const isView = judgement._tag === "Kept" && judgement.kind === "a view of what its reader may see";
  if (isView) return attackers.flatMap(({ actor, tenant }) => throughView(relation, actor, tenant));
  const policy = ownPolicies[relation.name];
  if (isClosed || (policy === undefined && !relation.hasOrganization)) {
    return attackers.flatMap(({ actor }) => closed(relation, actor));
  }
  if (policy !== undefined) {
    const byTenant = yield* Effect.forEach(attackers, ({ actor, tenant }) =>
      Effect.map(seenOf(admin, relation, policy, tenant), (seen) => ownPolicy(relation, actor, policy, seen)),
    );
    return byTenant.flat();
  }
  return attackers.flatMap((attacker) => [
    ...own(relation, attacker),
    ...tenants
      .filter((victim) => victim !== attacker.tenant)
      .flatMap((victim) => acrossTenants(relation, relations, attacker, victim)),
  ]);
});

/** What everybody else tries with it. */
const triedByOthers = (
  relation: Relation,
  judgement: Judgement,
  { ownPolicies, relations, tenants: [tenant, other] }: Found,
): ReadonlyArray<Attack> => {
  const isApart = judgement._tag === "Kept" && judgement.kind === "kept apart";
  // What a view shows that has nothing of tenants is nobody's secret.
  const isView = judgement._tag === "Kept" && judgement.kind === "a view of what its reader may see";
  const isForEverybody = isView || ownPolicies[relation.name]?.withoutTenant === true;
  return [
    ...(isForEverybody
      ? []
      : (["untouched", "empty"] as const).flatMap((setting) =>
          nowhere(relation, { _tag: "Nowhere", setting }, tenant),
        )),
    ...loginTries(relation),
    ...owner(relation),
    ...(isApart && tenant !== undefined && other !== undefined ? serviceIn(relation, relations, tenant, other) : []),
    ...service(relation),
    ...rewriting(relation),
    ...recorded(relation),
  ];
};

/** What is tried with functions that tenants may not run; those that they may, the rules judge. */
const triedWithFunctions = Effect.fnUntraced(function* (
  { client }: Administrator,
  login: string,
  [tenant]: ReadonlyArray<Tenant>,
) {
  const callers: ReadonlyArray<Caller> = [
    ...(tenant === undefined ? [] : [{ role: "iam_tenant", actor: actorOf(tenant, 0) }]),
    { role: login, actor: { _tag: "Login" } },
    { role: "iam_service", actor: { _tag: "Service" } },
  ];
  const functions = yield* definerFunctions(
    client,
    callers.map(({ role }) => role),
  );
  return functions
    .filter(({ roles }) => !roles.includes("iam_tenant"))
    .map((definer) => ({
      name: definer.name,
      attacks: callers
        .filter(({ role }) => !definer.isTrigger || !definer.roles.includes(role))
        .map((caller) => calling(definer, caller)),
    }));
});

/**
 * Judges every table, makes tenants, and says what is to be tried. For an administrator in a transaction.
 *
 * @param login that of the application
 */
export const prepare = Effect.fnUntraced(function* (
  { admin, expressions = {}, functions, ownPolicies: theirs = {}, tenants: number = 3, unreferenced }: Options,
  login: string,
): Effect.fn.Return<Prepared, SqlError> {
  const ownPolicies = { ...ours, ...theirs };
  const isolated = yield* isolation(admin.client);
  const relations = yield* relationsOf(admin.client);
  const ruled = [
    ...(yield* wrongTables(admin.client, relations, unreferenced)),
    ...(yield* wrongFunctions(admin.client, functions)),
  ];
  const { tenants, unmade } = yield* populate(admin.client, relations, { tenants: Math.max(2, number), expressions });

  const found: Found = { relations, tenants, ownPolicies };
  const tables = new Map<string, Kind | "neither">();
  const attacks: Array<Attack> = [];
  const findings: Array<Finding> = [
    ...ruled,
    ...unmade.map(({ reason, table }) => ({
      table,
      says: `no row can be made: ${reason}`,
      remedy: `State values in expressions, by "${table}.<column>".`,
    })),
  ];
  for (const relation of relations) {
    const judgement = judge(relation, isolated, ownPolicies);
    tables.set(relation.name, judgement._tag === "Kept" ? judgement.kind : "neither");
    if (judgement._tag === "Wrong") {
      findings.push({ table: relation.name, says: judgement.says, remedy: judgement.remedy });
    }
    attacks.push(...(yield* tried(admin, relation, judgement, found)), ...triedByOthers(relation, judgement, found));
  }
  for (const { attacks: some, name } of yield* triedWithFunctions(admin, login, tenants)) {
    tables.set(name, "a function closed to tenants");
    attacks.push(...some);
  }
  for (const table of Object.keys(theirs)) {
    const kind = tables.get(table);
    if (kind !== "a policy of its own" && kind !== "neither") {
      findings.push({
        table,
        says: "ownPolicies expects a policy of its own, and there is none",
        remedy: "State one by Table.TenantMayRead, or take the expectation away.",
      });
    }
  }
  return { tables, attacks, findings };
});
