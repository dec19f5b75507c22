import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, watch } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { connect, PostgresServer, TestDatabase } from "../src/index.ts";

const dataDirectory = (server: { readonly adminUrl: Redacted.Redacted }) =>
  Effect.gen(function* () {
    const sql = yield* connect(server.adminUrl);
    const [row] = yield* sql<{ data_directory: string }>`SHOW data_directory`;
    return row === undefined ? yield* Effect.die("SHOW has one row.") : row.data_directory;
  }).pipe(Effect.scoped);

const crashes = Effect.fnUntraced(function* (server: PostgresServer.PostgresServer) {
  const before = yield* connect(server.adminUrl);
  yield* before`CREATE TABLE kept AS SELECT 1 AS n`;
  yield* server.kill9;
  yield* Effect.flip(connect(server.adminUrl));
  yield* server.restart;
  const after = yield* connect(server.adminUrl);
  expect(yield* after`SELECT n, current_setting('fsync') AS fsync FROM kept`).toEqual([{ n: 1, fsync: "on" }]);
}, Effect.scoped);

const stopsAndStarts = Effect.fnUntraced(function* (server: PostgresServer.PostgresServer) {
  yield* Effect.all([server.stop, server.stop, server.kill9], { concurrency: "unbounded" });
  yield* Effect.flip(connect(server.adminUrl));
  yield* server.restart;
  yield* server.restart;
  yield* connect(server.adminUrl);
}, Effect.scoped);

const untilGone = (directory: string) =>
  Effect.callback<void>((resume) => {
    const look = () => {
      if (!existsSync(directory)) resume(Effect.sync(() => watcher.close()));
    };
    const watcher = watch(path.dirname(directory), look);
    look();
    return Effect.sync(() => watcher.close());
  });

describe.each(TestDatabase.majors)("PostgreSQL %i", (major) => {
  it.effect("is set up for tests, and only passwords get in", () =>
    Effect.gen(function* () {
      const { adminUrl } = yield* TestDatabase.make({ major, template: "empty" });
      const sql = yield* connect(adminUrl);
      expect(
        yield* sql`
          SELECT current_setting('server_version_num')::int / 10000 AS major,
            pg_encoding_to_char(encoding) AS encoding, datcollate AS locale,
            current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
            current_setting('synchronous_commit') AS commits,
            (SELECT array_agg(DISTINCT auth_method) FROM pg_hba_file_rules) AS methods,
            (SELECT bool_and(rolpassword LIKE 'SCRAM-SHA-256$%') FROM pg_authid WHERE rolcanlogin) AS passwords
          FROM pg_database WHERE datname = current_database()`,
      ).toEqual([
        {
          major,
          encoding: "UTF8",
          locale: "C",
          fsync: "off",
          pages: "off",
          commits: "off",
          methods: ["scram-sha-256"],
          passwords: true,
        },
      ]);
      const stranger = new URL(Redacted.value(adminUrl));
      stranger.password = "guess";
      const refused = yield* Effect.flip(connect(Redacted.make(stranger.href)));
      expect(refused.reason._tag).toBe("AuthenticationError");
    }),
  );
});

it.effect("survives a crash, stops and starts on the same port, and leaves nothing behind", () =>
  Effect.gen(function* () {
    const data = yield* Effect.scoped(
      Effect.gen(function* () {
        const server = yield* PostgresServer.make({ major: 18, durable: true });
        yield* crashes(server);
        yield* stopsAndStarts(server);
        return yield* dataDirectory(server);
      }),
    );
    expect(path.dirname(path.dirname(data))).toBe(os.tmpdir());
    expect(existsSync(path.dirname(data))).toBe(false);
  }),
);

it.effect("leaves nothing behind when its launcher is killed", () =>
  Effect.gen(function* () {
    const launcher = spawn(process.execPath, [path.join(import.meta.dirname, "fixtures/abandoned.ts")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [address] = yield* Effect.promise(() => once(launcher.stdout.setEncoding("utf8"), "data"));
    const data = yield* dataDirectory({ adminUrl: Redacted.make(String(address).trim()) });
    expect(existsSync(data)).toBe(true);
    launcher.kill("SIGKILL");
    yield* untilGone(data);
  }),
);

it.effect("says what is missing and how to get it", () =>
  Effect.gen(function* () {
    expect(yield* PostgresServer.isAvailable(18)).toBe(true);
    expect(yield* PostgresServer.isAvailable(15)).toBe(TestDatabase.majors.includes(15));
    expect(PostgresServer.remedy(15)).toBe("apt-get install postgresql-15");
  }),
);
