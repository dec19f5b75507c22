/** An application's own tables on the same connection. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Findings } from "@beep/iam-domain";
import { Application, Auth, Db, Doctor, IamDb, Tenancy, Transaction } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, Isolation, TestDatabase } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import { defineRelations } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as Cache from "effect/Cache";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Expected from "../src/doctor/Expected.ts";
import * as application from "./fixtures/application/tables.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const tablesFile = fileURLToPath(new URL("./fixtures/application/tables.ts", import.meta.url));
const all = { ...IamDbSchema, ...application };

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

/** What `drizzle-kit generate` makes of the application's tables. */
const generated = Effect.gen(function* () {
  const folder = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "iam-application-"))),
    (path) => Effect.promise(() => rm(path, { recursive: true })),
  );
  yield* Effect.promise(() =>
    promisify(execFile)(
      "drizzle-kit",
      ["generate", "--dialect=postgresql", `--schema=${tablesFile}`, `--out=${folder}`],
      { cwd: root, env: { ...process.env, NODE_OPTIONS: "--conditions=@beep/source" } },
    ),
  );
  const [name = ""] = yield* Effect.promise(() => readdir(folder));
  return { folder, sql: yield* Effect.promise(() => readFile(join(folder, name, "migration.sql"), "utf8")) };
});

layer(TestDatabase.layer({ template: "empty" }), { excludeTestServices: true })("an application's tables", (it) => {
  it.effect(
    "ALN-5: come out of generate alone, migrate with ours, and are kept apart with nothing written by hand",
    () =>
      Effect.gen(function* () {
        const { folder, sql } = yield* generated;
        assert.deepStrictEqual([...sql.matchAll(/CREATE TABLE "(\w+)"/g)].map(([, name]) => name).toSorted(), [
          "app_announcements",
          "app_comments",
          "app_documents",
        ]);

        const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase;
        const alone = IamDb.layer.pipe(
          Layer.provide(
            ConfigProvider.layer(
              ConfigProvider.fromUnknown({
                DATABASE_URL: Redacted.value(appUrl),
                IAM_MIGRATIONS_URL: Redacted.value(ownerUrl),
              }),
            ),
          ),
        );
        const together = Layer.provide(alone, Application.layer({ schema: application, migrations: folder }));
        const admin = yield* connect(adminUrl);

        // Three times, because a later start must leave what the first one granted, also one like that of `iam migrate`,
        // which does not know these tables.
        for (const [start, services] of [together, together, alone].entries()) {
          yield* Effect.gen(function* () {
            const { db } = yield* Db.make({ schema: all, relations: defineRelations(all) });
            const [acme, other] = yield* Effect.forEach(["acme", "other"], (name) =>
              Effect.gen(function* () {
                const id = SharedEntityIds.OrganizationId.create();
                const slug = `${name}-${start}`;
                yield* admin`insert into iam_organizations (id, name, slug)
                values (${SharedEntityIds.OrganizationId.toUuid(id)}, ${slug}, ${slug})`;
                return id;
              }),
            );
            if (acme === undefined || other === undefined) return yield* Effect.die("There are two.");
            const documentId = application.DocumentId.create();
            yield* Tenancy.within(acme)(
              Effect.andThen(
                db.insert(application.document).values({ id: documentId, title: "Secret" }),
                db
                  .insert(application.comment)
                  .values({ documentId: application.DocumentId.toUuid(documentId), text: "Really" }),
              ),
            );
            assert.lengthOf(yield* db.select().from(application.document), 0);
            assert.lengthOf(yield* Tenancy.within(acme)(db.select().from(application.document)), 1);
            assert.lengthOf(yield* Tenancy.within(other)(db.select().from(application.document)), 0);

            // The other tenant's comment cannot point to a document that is not its own.
            const pointing = Tenancy.within(other)(
              db
                .insert(application.comment)
                .values({ documentId: application.DocumentId.toUuid(documentId), text: "Mine" }),
            );
            assert.isTrue(Exit.isFailure(yield* Effect.exit(pointing)));

            yield* admin`insert into app_announcements (id, text, author) values (gen_random_uuid(), 'Hello', 'nobody')`;
            const { announcement } = application;
            const texts = yield* Tenancy.within(other)(db.select({ text: announcement.text }).from(announcement));
            assert.lengthOf(texts, start + 1);
            const authors = Tenancy.within(other)(db.select({ author: announcement.author }).from(announcement));
            assert.isTrue(Exit.isFailure(yield* Effect.exit(authors)));

            const [row] = yield* admin<{ forced: boolean; triggers: number }>`
            select relforcerowsecurity as forced,
              (select count(*)::int from pg_trigger where tgrelid = t.oid and not tgisinternal) as triggers
            from pg_class t where relname = 'app_comments'`;
            assert.deepStrictEqual(row, { forced: true, triggers: 5 });
          }).pipe(Effect.provide(services));
        }
      }),
  );

  it.effect(
    "ALN-5: pass the isolation suite with nothing written by hand, and so does taking their controls away",
    () =>
      Effect.gen(function* () {
        const { folder } = yield* generated;
        const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ template: "empty" });
        const services = IamDb.layer.pipe(
          Layer.provide(Application.layer({ schema: application, migrations: folder })),
          Layer.provide(
            ConfigProvider.layer(
              ConfigProvider.fromUnknown({
                DATABASE_URL: Redacted.value(appUrl),
                IAM_MIGRATIONS_URL: Redacted.value(ownerUrl),
              }),
            ),
          ),
        );
        yield* Effect.gen(function* () {
          const admin = Isolation.administrator(yield* connect(adminUrl));
          const unstated = yield* Isolation.examine({ admin, concurrency: 8 });
          // What a policy of one's own shows has to be said twice; all else is known.
          assert.deepStrictEqual([...new Set(unstated.findings.map(({ table }) => table))], ["app_announcements"]);

          const ownPolicies = {
            app_announcements: { columns: ["id", "text"], rows: () => "true", withoutTenant: true },
          };
          const report = yield* Isolation.examine({ admin, ownPolicies, concurrency: 8 });
          const mutation = yield* Isolation.mutate({ admin, ownPolicies });
          console.log(Isolation.report([report], mutation));
          yield* Isolation.assertIsolated(report);
          yield* Isolation.assertIsolated(mutation);
          for (const table of ["app_documents", "app_comments"]) {
            assert.strictEqual(report.tables.get(table), "kept apart");
            assert.isAbove(mutation.mutants.filter((mutant) => mutant.table === table).length, 10);
          }
        }).pipe(Effect.provide(services));
      }).pipe(Effect.scoped),
  );

  it.effect(
    "OPS-3: are examined by the doctor, whether it knows them or not, and nothing starts without their policy",
    () =>
      Effect.gen(function* () {
        const { folder } = yield* generated;
        const { adminUrl, appUrl, ownerUrl } = yield* TestDatabase.make({ template: "empty" });
        const admin = yield* connect(adminUrl);
        const config = ConfigProvider.layer(
          ConfigProvider.fromUnknown({
            DATABASE_URL: Redacted.value(appUrl),
            IAM_MIGRATIONS_URL: Redacted.value(ownerUrl),
          }),
        );
        const known = Application.layer({ schema: application, migrations: folder });
        const start = Effect.scoped(Layer.build(Layer.fresh(IamDb.layer))).pipe(Effect.provide([config, known]));
        yield* start;
        const doctor = Effect.map(Cache.make({ capacity: 1, lookup: Expected.expected }), (healthy) =>
          Doctor.examine({ expected: (of) => Cache.get(healthy, of) }),
        );
        const examinations = [Effect.provide(yield* Effect.provide(doctor, known), known), yield* doctor];
        const all = Effect.forEach(examinations, (examination) =>
          Effect.map(examination, (findings) =>
            findings
              .filter(({ code }) => Findings.subjectOf(code) === "tables")
              .map(({ code, message }) => `${code} ${message}`),
          ),
        ).pipe(Effect.provide(config));
        assert.deepStrictEqual(yield* all, [[], []]);

        yield* admin`alter table app_documents no force row level security`;
        for (const seen of yield* all) {
          assert.lengthOf(seen, 1);
          assert.match(seen[0] ?? "", /^HARDENING_MISSING .*row security of app_documents/);
        }
        yield* start;
        assert.deepStrictEqual(yield* all, [[], []]);

        yield* admin`drop policy iam_tenant_isolation on app_documents`;
        assert.deepInclude(yield* Effect.flip(start), {
          code: "DATABASE_CHANGED",
          message:
            "Something else has changed the database since it was migrated: the policy iam_tenant_isolation on app_documents is missing.",
        });
      }).pipe(Effect.scoped),
    // Each doctor makes a database in memory, and the tables are generated first.
    90_000,
  );
});
