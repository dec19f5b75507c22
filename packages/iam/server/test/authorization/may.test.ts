/** Permission as a condition of the application's own queries. */
import { Authorization, AuthorizationModels, IamDb, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import { and, asc, eq } from "drizzle-orm";
import * as Effect from "effect/Effect";
import { asService } from "../../src/tenancy/asService.ts";
import { isSo, space, tuples } from "./support.ts";

const model = `model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type team
  relations
    define parent: [team]
    define blocked: [user]
    define viewer: ([user, group#member] or viewer from parent) but not blocked
    define limited: [user with enough]
condition enough(have: int) {
  have >= 5
}
`;

const { team } = IamDbSchema;

for (const database of IamTest.serverAndEmbedded) {
  layer(database.layer, { excludeTestServices: true })(`on ${database.name}`, (it) => {
    it.effect("AZ-6: a page of a tenant's own query has what may be seen and nothing else, in its order", () =>
      Effect.gen(function* () {
        const { may, write } = yield* Authorization.Authorization;
        const { db } = yield* IamDb.IamDb;
        const client = yield* PgClient;
        const here = yield* space(model);
        const ids = Array.from({ length: 6 }, () => SharedEntityIds.TeamId.create());
        const teams = JSON.stringify(
          ids.map((id, at) => ({ id: SharedEntityIds.TeamId.toUuid(id), name: `team ${5 - at}` })),
        );
        yield* asService(client`
          insert into iam_teams (id, name, organization_id)
          select id, name, ${SharedEntityIds.OrganizationId.toUuid(here.organization)}
          from jsonb_to_recordset(${teams}::text::jsonb) t (id uuid, name text)`);
        yield* write({
          ...here,
          writes: tuples(
            "user:ann member group:inner",
            "group:inner#member member group:outer",
            `group:outer#member viewer team:${ids[0]}`,
            `team:${ids[0]} parent team:${ids[1]}`,
            `team:${ids[1]} parent team:${ids[2]}`,
            `user:ann viewer team:${ids[4]}`,
            `user:ann blocked team:${ids[2]}`,
            `user:ann viewer team:${ids[2]}`,
            `user:bob viewer team:${ids[5]}`,
          ),
        });
        const page = (subject: string) =>
          Effect.gen(function* () {
            const visible = yield* may({ ...here, subject, relation: "viewer", type: "team", object: team.id });
            return yield* Tenancy.within(here.organization)(
              db
                .select({ id: team.id })
                .from(team)
                .where(and(eq(team.organizationId, here.organization), visible))
                .orderBy(asc(team.name))
                .limit(2),
            );
          });
        assert.deepStrictEqual(
          (yield* page("user:ann")).map(({ id }) => id),
          [ids[4], ids[1]],
        );
        assert.deepStrictEqual(
          (yield* page("user:bob")).map(({ id }) => id),
          [ids[5]],
        );
        for (const id of ids) {
          const isSeen = [ids[0], ids[1], ids[4]].includes(id);
          assert.strictEqual(yield* isSo(here, `user:ann viewer team:${id}`), isSeen);
        }

        // A condition that was made by the model before permits nothing.
        const visible = yield* may({ ...here, subject: "user:ann", relation: "viewer", type: "team", object: team.id });
        const models = yield* AuthorizationModels.Models;
        yield* models.write(
          here.application,
          model.replace("condition enough(have: int) {", "condition enough(have: int){"),
        );
        const query = Tenancy.within(here.organization)(db.select({ id: team.id }).from(team).where(visible));
        assert.deepStrictEqual(yield* query, []);
        assert.lengthOf(yield* page("user:ann"), 2);
      }),
    );

    it.effect("AZ-4: what hangs on a condition is refused, and nothing else is made of it", () =>
      Effect.gen(function* () {
        const { may } = yield* Authorization.Authorization;
        const here = yield* space(model);
        const asked = { ...here, subject: "user:ann", relation: "limited", type: "team", object: team.id };
        const refused = (change: Partial<typeof asked>) =>
          Effect.map(Effect.flip(may({ ...asked, ...change })), ({ _tag }) => _tag);
        assert.strictEqual(yield* refused({}), "QuestionNotInSql");
        assert.strictEqual(yield* refused({ relation: "viewer", subject: "group:a#member" }), "QuestionNotInSql");
        assert.strictEqual(yield* refused({ relation: "viewer", subject: "user" }), "QuestionInvalid");
        assert.strictEqual(yield* refused({ relation: "editor" }), "RelationUnknown");
        assert.strictEqual(yield* refused({ type: "document" }), "TypeUnknown");
      }),
    );
  });
}
