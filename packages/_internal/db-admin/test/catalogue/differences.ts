/** What is different in a database from what its tables say. */
import { IamDbSchema } from "@beep/iam-tables";
import { connect, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Catalogue } from "../../src/index.ts";
import { differencesBetween } from "../support.ts";
import { expected } from "./expected.ts";

/** What the catalogue should be, as the database's own major version writes it. */
export class Expected extends Context.Service<Expected, Catalogue.Catalogue>()("Expected") {
  static readonly on = (major: 15 | 18) =>
    Layer.effect(
      Expected,
      Effect.gen(function* () {
        const empty = yield* TestDatabase.make({ major, template: "empty" });
        return yield* expected(yield* connect(empty.ownerUrl), IamDbSchema, "iam_app");
      }),
    );
}

/** The superuser's connection to the migrated database. */
export const Admin = Layer.effect(
  PgClient,
  Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl)),
);

/** Nothing, where the database is as it should be. */
export const differences = Effect.gen(function* () {
  const should = yield* Expected;
  return differencesBetween(should, yield* Catalogue.read(yield* PgClient));
});
