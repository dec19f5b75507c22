import { connect, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { SqlState } from "../src/index.ts";

describe.each(TestDatabase.majors)("on PostgreSQL %i", (major) => {
  it.effect("AUTH-6: a value that no column, check or index takes is known as a refused value", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase.make({ major });
      const admin = yield* connect(adminUrl);
      const insert = (values: string) => `insert into iam_organizations (id, name, slug) values ${values}`;
      const refused = {
        "a missing value": insert("(gen_random_uuid(), null, 's')"),
        "no uuid": insert("('x', 'n', 's')"),
        "a number out of range":
          "insert into iam_rate_limits values (gen_random_uuid(), now(), now(), 1, 'k', 1e10, 1)",
        "a time out of range": "update iam_users set ban_expires = '+010000-01-01T00:00:00Z'",
        "against a check":
          "insert into iam_members (id, organization_id, user_id, role) values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '')",
        // Random, because PostgreSQL compresses what it puts into an index.
        "too long for its index": insert(
          "(gen_random_uuid(), 'n', (select string_agg(gen_random_uuid()::text, '') from generate_series(1, 500)))",
        ),
      };
      for (const [value, statement] of Object.entries(refused)) {
        const error = yield* Effect.flip(admin.unsafe(statement));
        assert.isTrue(SqlState.isRefusedValue(error), `${value}: ${SqlState.of(error)}`);
      }
      const nul = yield* Effect.flip(admin`select ${"\0"}::text`);
      assert.isTrue(SqlState.isRefusedValue(nul), `U+0000: ${SqlState.of(nul)}`);
      const notRefused = yield* Effect.flip(admin`select * from nowhere`);
      assert.isFalse(SqlState.isRefusedValue(notRefused));
    }),
  );
});
