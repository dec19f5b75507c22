/**
 * Two of Better Auth's adapter suites, which change no table, and what stands against the tests that
 * `adapter-suites.long.test.ts` does not run.
 */
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, TestDatabase } from "@beep/testing";
import * as suites from "@better-auth/test-utils/adapter";
import * as Effect from "effect/Effect";
import { describe, expect, it } from "vitest";
import { makeAdapter } from "../src/auth/adapter.ts";
import { models } from "../src/auth/models.ts";
import { prepare } from "./adapter-suites/suites.ts";

const { UserId } = SharedEntityIds;

const { connection, kept, register, runtime } = await prepare();

register({
  "ALN-8: Better Auth's adapter suite transactions": suites.transactionsTestSuite(),
  "ALN-8: Better Auth's adapter suite case-insensitive": suites.caseInsensitiveTestSuite(),
});

const options = { advanced: { database: { generateId: () => UserId.create(), joins: true } } };

const join = { session: true, account: true };

describe("the adapter", () => {
  const adapter = makeAdapter(connection, kept)(options);
  const looking = (from: typeof adapter, id: string) => {
    const where = [{ field: "id", value: id }];
    return [
      () => from.findOne({ model: "user", where }),
      () => from.findOne({ model: "user", where, join }),
      () => from.findMany({ model: "user", where }),
      () => from.findMany({ model: "user", where, join }),
      () => from.delete({ model: "user", where }),
    ];
  };

  it("ALN-8: finds nothing by an id that nobody has, and refuses what is no id", async () => {
    const found = await Promise.all(looking(adapter, UserId.create()).map((look) => look()));
    expect(found).toEqual([null, null, [], [], undefined]);

    for (const look of looking(adapter, "100000")) {
      await expect(look()).rejects.toMatchObject({ statusCode: 400, body: { code: "INVALID_ID" } });
    }
    // It is the ids that are checked: where none are known, the statement fails, and nothing says why.
    for (const look of looking(makeAdapter(connection, kept, { ...models, ids: {} })(options), "100000")) {
      await expect(look()).rejects.not.toHaveProperty("statusCode");
    }
  });

  it("ALN-8: has TypeIDs for ids, and the database their uuids", async () => {
    const data = { name: "Ann", email: "ann@example.com" };
    const { id } = await adapter.create<typeof data, typeof data & { readonly id: string }>({ model: "user", data });
    expect(UserId.is(id)).toBe(true);
    const rows = await runtime.runPromise(
      Effect.gen(function* () {
        const admin = yield* connect((yield* TestDatabase).adminUrl);
        return yield* admin<{ id: string; type: string }>`select id, pg_typeof(id)::text as type from iam_users`;
      }).pipe(Effect.scoped),
    );
    expect(rows).toEqual([{ id: UserId.toUuid(id), type: "uuid" }]);
    expect(await adapter.findOne({ model: "user", where: [{ field: "id", value: id }] })).toMatchObject(data);

    // Also with a join and no condition, of which Better Auth makes something that drizzle refuses.
    expect(await adapter.findMany({ model: "user", join })).toMatchObject([{ ...data, session: [], account: [] }]);
    await adapter.delete({ model: "user", where: [{ field: "id", value: id }] });
  });
});
