/** What vitest does once, before the first test file that needs a database. */
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Scope from "effect/Scope";
import type { TestProject } from "vitest/node";
import * as EmbeddedImage from "./EmbeddedImage.ts";
import * as Logins from "./logins.ts";
import * as PgBouncer from "./PgBouncer.ts";
import * as PostgresServer from "./PostgresServer.ts";
import type { ProvidedServer } from "./ProvidedServer.ts";
import { type Major, majors } from "./postgres/Major.ts";
import { prepareTemplate } from "./template.ts";

const start = Effect.fnUntraced(function* (major: Major) {
  const server = yield* Effect.flatMap(PostgresServer.make({ major }), Logins.create);
  yield* prepareTemplate(server);
  return server;
});

const leaveOut = (major: Major): Effect.Effect<ReadonlyArray<ProvidedServer>> =>
  Effect.as(
    Console.log(
      `PostgreSQL ${major} is not installed: every test that asks for it is left out (${PostgresServer.remedy(major)}).`,
    ),
    [],
  );

const startAll = Effect.forEach(
  majors,
  (major, index) =>
    Effect.flatMap(PostgresServer.isAvailable(major), (isAvailable) =>
      isAvailable || index === 0 ? Effect.map(start(major), (server) => [server]) : leaveOut(major),
    ),
  { concurrency: "unbounded" },
);

const findPgBouncer = Effect.tap(PgBouncer.isAvailable, (isAvailable) =>
  isAvailable
    ? Effect.void
    : Console.log(`PgBouncer is not installed: every test behind it is left out (${PgBouncer.remedy}).`),
);

/** Starts the servers and tells the tests where they are. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scope = Scope.makeUnsafe();
  const stop = () => Effect.runPromise(Scope.close(scope, Exit.void));
  const started = await Effect.runPromiseExit(
    Scope.provide(Effect.all([startAll, EmbeddedImage.make], { concurrency: "unbounded" }), scope),
  );
  if (Exit.isFailure(started)) {
    await stop();
    throw await Effect.runPromise(Effect.flip(started));
  }
  const [servers, image] = started.value;
  project.provide("postgresServers", servers.flat());
  project.provide("embeddedImage", image);
  project.provide("pgBouncer", await Effect.runPromise(findPgBouncer));
  return stop;
}
