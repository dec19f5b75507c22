/**
 * Two changes of one organization at once, each on a connection of its own and in both orders. The first stands before
 * its commit when the second comes, and waits for the organization.
 */
import { Invitations, Members, Organizations, Roles, Teams } from "@beep/iam-server";
import type { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Proxy, Race, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Redacted from "effect/Redacted";
import { all, as, counts, invited, joined, organizationOf, type Person, person, refusal, trusted } from "./people.ts";

/** A side that has made its change when it pauses, and has not committed it. */
const side =
  <A, E, R>(change: Effect.Effect<A, E, R>) =>
  (pause: Effect.Effect<void>) =>
    Effect.flatMap(PgClient, (client) => client.withTransaction(Effect.tap(change, () => pause)));

/** The code with which a side was refused, or that it was not. */
const ending = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.match(exit, {
    onSuccess: () => "done",
    onFailure: (cause) => {
      const [reason] = cause.reasons;
      const error = reason?._tag === "Fail" ? reason.error : undefined;
      return error instanceof Object && "code" in error ? `${error.code}` : String(cause);
    },
  });

/** Runs both orders: how the first and the second side ended in each. */
const race = Effect.fnUntraced(function* <A, E, R, B, E2, R2, P, E3, R3>(
  prepare: Effect.Effect<P, E3, R3>,
  left: (prepared: P) => Effect.Effect<A, E, R>,
  right: (prepared: P) => Effect.Effect<B, E2, R2>,
) {
  const { adminUrl } = yield* TestDatabase;
  const admin = yield* connect(adminUrl);
  const prepared: Array<P> = [];
  const latest = Effect.sync(() => prepared.at(-1) ?? assert.fail("Nothing was prepared."));
  const { leftFirst, rightFirst } = yield* Race.bothOrders(
    side(Effect.flatMap(latest, left)),
    side(Effect.flatMap(latest, right)),
    {
      prepare: Effect.orDie(Effect.map(prepare, (one) => prepared.push(one))),
      blocked: Effect.orDie(Race.untilAnyBlocked(admin)),
    },
  );
  return {
    leftFirst: [ending(leftFirst.left), ending(leftFirst.right)],
    rightFirst: [ending(rightFirst.left), ending(rightFirst.right)],
    waited: leftFirst.waited && rightFirst.waited,
    prepared,
  };
});

let slugs = 0;

/** Ann's organization, of which bob is an owner too, and cat an administrator. */
const threesome = Effect.gen(function* () {
  const n = slugs++;
  const [ann, bob, cat] = yield* Effect.all([person(`ann-${n}`), person(`bob-${n}`), person(`cat-${n}`)]);
  const organization = yield* organizationOf(ann, `acme-${n}`);
  const { id: bobId } = yield* joined(organization.id, bob, "owner");
  const { id: catId } = yield* joined(organization.id, cat, "admin");
  return { ...organization, ann, bob, cat, annId: organization.ownerId, bobId, catId };
});

const rolesIn = (id: SharedEntityIds.OrganizationId) =>
  Effect.gen(function* () {
    const members = yield* Members.Members;
    return Object.fromEntries(
      (yield* as(trusted, id)(all(members.list({})))).map(({ roles, user }) => [user.name.split("-")[0], roles.join()]),
    );
  });

const leaving = (by: Person, id: SharedEntityIds.OrganizationId) =>
  Effect.flatMap(Members.Members, ({ leave }) => as(by, id)(leave));

layer(Layer.provideMerge(IamTest.postgres(), Logger.layer([])), { excludeTestServices: true })("at once", (it) => {
  it.effect("TEN-6: a removed administrator's change that has waited is refused, as if the organization did not exist", () =>
    Effect.gen(function* () {
      const members = yield* Members.Members;
      const teams = yield* Teams.Teams;
      const { prepared, ...ends } = yield* race(
        threesome,
        ({ ann, id, catId }) => as(ann, id)(members.remove(catId)),
        ({ cat, id }) => as(cat, id)(teams.create({ name: "Night" })),
      );
      assert.deepStrictEqual(ends, {
        leftFirst: ["done", "ORGANIZATION_NOT_FOUND"],
        rightFirst: ["done", "done"],
        waited: true,
      });
      const made = yield* Effect.forEach(prepared, ({ id }) => as(trusted, id)(all(teams.list({}))));
      assert.deepStrictEqual(
        made.map(({ length }) => length),
        [1, 2],
      );
    }),
  );

  it.effect("TEN-6: a change by who has lost the role for it meanwhile is refused", () =>
    Effect.gen(function* () {
      const members = yield* Members.Members;
      const teams = yield* Teams.Teams;
      const { prepared: _, ...ends } = yield* race(
        threesome,
        ({ ann, id, catId }) => as(ann, id)(members.setRoles(catId, ["member"])),
        ({ cat, id }) => as(cat, id)(teams.create({ name: "Night" })),
      );
      assert.deepStrictEqual(ends, {
        leftFirst: ["done", "PERMISSION_MISSING"],
        rightFirst: ["done", "done"],
        waited: true,
      });
    }),
  );
});
