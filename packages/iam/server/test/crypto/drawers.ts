/** An application's table with sealed columns, migrated as an application's tables are. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyOwner } from "@beep/iam-domain";
import { Application, IamDb, Secrets } from "@beep/iam-server";
import { EntityId, SharedEntityIds } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import { IamTest, TestDatabase } from "@beep/testing";
import { eq } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import { asService } from "../../src/tenancy/asService.ts";

export const DrawerId = EntityId.make("DrawerId", { prefix: "drawer", table: "app_drawers" });

export const drawer = Table.make(DrawerId)({ content: pg.text("content"), label: pg.text("label") }, undefined, {
  sealed: ["content", "label"],
});

/** The migration, with the checks that the table has. */
const statements = (): ReadonlyArray<string> => {
  const { checks } = pg.getTableConfig(drawer);
  const dialect = new pg.PgDialect();
  return [
    `create table app_drawers (id uuid primary key, created_at timestamptz(3) not null default now(),
       updated_at timestamptz(3) not null default now(), version integer not null default 1, content text, label text,
       ${checks.map(({ name, value }) => `constraint ${name} check (${dialect.sqlToQuery(value).sql})`).join(", ")})`,
    "alter table app_drawers enable row level security",
    "create policy iam_service_all on app_drawers to iam_service using (true) with check (true)",
  ];
};

const application = Layer.unwrap(
  Effect.sync(() => {
    const migrations = mkdtempSync(join(tmpdir(), "iam-drawers-"));
    mkdirSync(join(migrations, "20990101000000_drawers"));
    writeFileSync(
      join(migrations, "20990101000000_drawers", "migration.sql"),
      statements().join("--> statement-breakpoint\n"),
    );
    return Application.layer({ schema: { drawer }, migrations });
  }),
);

/** One process, on the database that is given, with the table in it. */
const configured = (more: Readonly<Record<string, string>> = {}) =>
  Layer.unwrap(
    Effect.map(TestDatabase, ({ ownerUrl }) =>
      IamTest.configured({ IAM_RUN_MIGRATIONS: "true", IAM_MIGRATIONS_URL: Redacted.value(ownerUrl), ...more }),
    ),
  ).pipe(Layer.provide(application));

/** Another process on the same database. */
export const another = (more: Readonly<Record<string, string>> = {}) => Layer.build(Layer.fresh(configured(more)));

/** On PostgreSQL. */
export const postgres = () => Layer.provideMerge(configured(), TestDatabase.layer());

/** On the embedded database. */
export const embedded = Layer.provide(IamTest.embedded, application);

/** Owners of every kind. */
export const owners = {
  installation: () => KeyOwner.installation,
  organization: () => KeyOwner.organization(SharedEntityIds.OrganizationId.create()),
  user: () => KeyOwner.user(SharedEntityIds.UserId.create()),
  case: (): KeyOwner.KeyOwner => ({ type: "case-file", id: `case ${DrawerId.create()} / 7:"é"` }),
};

/** Seals texts, and puts each into a drawer of its own: one transaction. */
export const put = Effect.fnUntraced(function* (owner: KeyOwner.KeyOwner, ...texts: ReadonlyArray<string>) {
  const secrets = yield* Secrets.Secrets;
  const { db } = yield* IamDb.IamDb;
  const ids = texts.map(() => DrawerId.create());
  return yield* asService(
    Effect.gen(function* () {
      const envelopes = yield* secrets.seal(
        texts.map((text, index) => ({
          owner,
          place: Secrets.at(drawer.content, ids[index] ?? ""),
          value: Redacted.make(text),
        })),
      );
      yield* db.insert(drawer).values(ids.map((id, index) => ({ id, content: envelopes[index] })));
      return ids;
    }),
  );
});

/** What stands in a drawer. */
export const envelopeIn = Effect.fnUntraced(function* (id: typeof DrawerId.Type) {
  const { db } = yield* IamDb.IamDb;
  const [found] = yield* asService(db.select().from(drawer).where(eq(drawer.id, id)));
  return found?.content ?? "";
});

/** Opens what stands in a drawer. */
export const get = Effect.fnUntraced(function* (owner: KeyOwner.KeyOwner, id: typeof DrawerId.Type) {
  const secrets = yield* Secrets.Secrets;
  const [opened] = yield* secrets.open([
    { owner, place: Secrets.at(drawer.content, id), envelope: yield* envelopeIn(id) },
  ]);
  return opened === undefined ? undefined : Redacted.value(opened);
});
