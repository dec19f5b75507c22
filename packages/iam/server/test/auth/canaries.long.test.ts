/** That of all secrets of all flows none is on PostgreSQL's disk: not in a table, nor in the log of what was written. */
import { connect, IamTest, PostgresServer, TestDatabase } from "@beep/testing";
import { assert, it } from "@effect/vitest";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { swept } from "./canaries.ts";
import { listeningOn } from "./listening.ts";
import { search } from "./search.ts";

/** Canaries in clear, in every form, that the search must find: of rows that are there, deleted, or never committed. */
const controls = {
  raw: "Control-raw-9wK2vQ7tXb4LzR8s",
  base64: "Control-base64-9wK2vQ7tXb4LzR8s",
  base64url: "Control-base64url-9wK2vQ7tXb4Lz",
  hex: "Control-hex-9wK2vQ7tXb4LzR8s",
  deleted: "Control-deleted-9wK2vQ7tXb4LzR8s",
  undone: "Control-undone-9wK2vQ7tXb4LzR8s",
};

it.live(
  "CRY-5: none is in PostgreSQL's files, its write-ahead log and a COPY of each table included",
  () =>
    Effect.gen(function* () {
      const server = yield* PostgresServer.make({ major: 18, durable: true });
      const { adminUrl, data } = server;
      const database = Layer.succeed(TestDatabase, {
        major: 18,
        name: "postgres",
        adminUrl,
        ownerUrl: adminUrl,
        appUrl: adminUrl,
      });
      const listening = listeningOn((settings) =>
        Layer.provideMerge(IamTest.configured({ ...settings, IAM_RUN_MIGRATIONS: "true" }), database),
      );
      const { planted, told } = yield* Effect.provide(swept, Layer.fresh(listening));

      const tables = yield* Effect.scoped(
        Effect.gen(function* () {
          const admin = yield* connect(adminUrl);
          yield* admin`create table control (content text)`;
          for (const content of [
            controls.raw,
            // Also where it stands within something longer.
            Buffer.from(`{"a":"${controls.base64}"}`).toString("base64"),
            Buffer.from(`{"ab":"${controls.base64url}"}`).toString("base64url"),
            Buffer.from(controls.hex).toString("hex"),
            controls.deleted,
          ]) {
            yield* admin`insert into control values (${content})`;
          }
          yield* admin`delete from control where content = ${controls.deleted}`;
          yield* Effect.ignore(
            admin.withTransaction(
              Effect.andThen(admin`insert into control values (${controls.undone})`, Effect.fail("undone")),
            ),
          );
          const found = yield* admin<{ name: string; file: string }>`
            select c.oid::regclass::text as name, 'copy-' || c.relname as file
            from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`;
          for (const { file, name } of found) yield* admin.unsafe(`copy ${name} to '${data}/${file}'`);
          return found;
        }),
      );
      assert.isAbove(tables.length, 40);
      yield* server.stop;

      const found = yield* Effect.promise(() =>
        search(data, [...planted.keys(), ...told.keys(), ...Object.values(controls), "canary@example.com"]),
      );
      // That it is the flows' database: addresses are no secrets.
      assert.isTrue([...(found.get("canary@example.com") ?? [])].some((file) => file.startsWith("base/")));
      for (const [form, control] of Object.entries(controls)) {
        const files = [...(found.get(control) ?? [])];
        assert.isTrue(
          files.some((file) => file.startsWith("pg_wal/")),
          form,
        );
        if (form === "undone" || form === "deleted") continue;
        assert.isTrue(files.some((file) => file.startsWith("base/")) && files.includes("copy-control"), form);
      }
      const secrets = [...planted, ...told];
      assert.deepStrictEqual(
        secrets.flatMap(([secret, name]) => {
          const files = found.get(secret);
          return files === undefined ? [] : [`${name}: ${[...files].join(", ")}`];
        }),
        [],
      );
      yield* Console.log(`${secrets.length} secrets looked for in the files of ${tables.length} tables`);
    }).pipe(Effect.scoped),
  600_000,
);
