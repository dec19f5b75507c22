/** What the catalogue alone says of the tables. */
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { undone } from "./Administrator.ts";
import { type Judgement, judge } from "./judge.ts";
import { ours } from "./OwnPolicies.ts";
import type { Options } from "./prepare.ts";
import { isolation, relations } from "./relations.ts";

/**
 * Judges every table by the rule, without trying anything: whether it is kept apart, closed to tenants, or has a policy
 * of its own; or else what is wrong. Leaves nothing behind.
 */
export const classify = Effect.fn("Isolation.classify")(function* ({
  admin,
  ownPolicies = {},
}: Pick<Options, "admin" | "ownPolicies">): Effect.fn.Return<ReadonlyMap<string, Judgement>, SqlError> {
  const found = Effect.all({ isolated: isolation(admin.client), all: relations(admin.client) });
  const { all, isolated } = yield* undone(admin, found);
  return new Map(all.map((relation) => [relation.name, judge(relation, isolated, { ...ours, ...ownPolicies })]));
});
