import { SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { ServiceConnection } from "../src/db/ServiceConnection.ts";

for (const database of IamTest.databases) {
  layer(database.layer)(`the services' connection on ${database.name}`, (it) => {
    it.effect("AUD-1: what stands in its transaction is in it, whichever client wrote the statement", () =>
      Effect.gen(function* () {
        const { client, statement, transaction } = yield* ServiceConnection;
        const id = SharedEntityIds.OrganizationId.toUuid(SharedEntityIds.OrganizationId.create());
        const insert = client`insert into iam_organizations (id, name, slug) values (${id}::uuid, 'a', ${id})`;
        const found = Effect.map(
          statement(client`select id from iam_organizations where id = ${id}::uuid`),
          (rows) => rows.length,
        );
        yield* Effect.flip(transaction(Effect.andThen(insert, Effect.fail("undone"))));
        assert.strictEqual(yield* found, 0);
        yield* transaction(insert);
        assert.strictEqual(yield* found, 1);
      }),
    );
  });
}
