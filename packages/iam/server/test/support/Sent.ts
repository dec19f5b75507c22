/** What is sent to the database of a test. */
import { Statements, TestDatabase } from "@beep/testing";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";

/** The statements that pass to the database. */
export class Sent extends Context.Service<Sent, Statements.Statements>()("test/support/Sent") {
  /** A database that is there already, whose statements are watched. */
  static readonly watched = Layer.effectContext(
    Effect.gen(function* () {
      const database = yield* TestDatabase;
      const statements = yield* Statements.watch(database.appUrl);
      return Context.make(Sent, statements).pipe(Context.add(TestDatabase, { ...database, appUrl: statements.url }));
    }),
  );

  /** A database on PostgreSQL, whose statements are watched. */
  static readonly database = Sent.watched.pipe(Layer.provide(TestDatabase.layer()));
}
