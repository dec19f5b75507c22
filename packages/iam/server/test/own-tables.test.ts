/** An application's own tables on the same connection. */
import { Auth, Db, Tenancy, Transaction } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { defineRelations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";

const note = pg.pgTable("app_notes", { text: pg.text("text").notNull() });
const schema = { ...IamDbSchema, note };

const prepared = Effect.gen(function* () {
  const admin = yield* connect((yield* TestDatabase).adminUrl);
  yield* admin`create table if not exists app_notes (text text not null)`;
  yield* admin`grant select, insert on app_notes to iam_app, iam_tenant`;
  return yield* Db.make({ schema, relations: defineRelations(schema) });
});

layer(IamTest.postgres(), { excludeTestServices: true })("Db.make", (it) => {
  it.effect("DB-1: shares the transaction with Better Auth and with a tenant's scope", () =>
    Effect.gen(function* () {
      const { db } = yield* prepared;
      const { api } = yield* Auth.Auth;
      const ann = yield* IamTest.signedUp("ann");
      const both = Effect.andThen(db.insert(note).values({ text: "with it" }), IamTest.organizationOf(ann, "acme"));

      const undone = yield* Effect.exit(Transaction.run(Effect.andThen(both, Effect.fail("no"))));
      assert.deepStrictEqual(undone, Exit.fail("no"));
      assert.deepStrictEqual(yield* db.query.note.findMany(), []);
      assert.lengthOf(yield* api.listOrganizations({ headers: ann.headers }), 0);

      const { id } = yield* Transaction.run(both);
      yield* Tenancy.within(id)(db.insert(note).values({ text: "in its scope" }));
      assert.deepStrictEqual(
        (yield* db.query.note.findMany()).map((row) => row.text),
        ["with it", "in its scope"],
      );
    }),
  );

  it.effect("names the tables that the relations lack", () =>
    Effect.gen(function* () {
      const defect = yield* Effect.flip(
        Effect.catchDefect(Db.make({ schema, relations: defineRelations(IamDbSchema) }), Effect.fail),
      );
      assert.include(String(defect), "The relations lack note");
    }),
  );
});
