/** Migrating databases in tests, and seeing what that did to them. */
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IamDbSchema } from "@beep/iam-tables";
import { connect } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import { Catalogue, Migrations } from "../src/index.ts";

/** Migrates as a login, with a connection of its own. */
export const migrate = (
  url: Redacted.Redacted,
  { folder = Migrations.own.folder, ...options }: Partial<Migrations.Options> & { readonly folder?: string } = {},
) =>
  Migrations.run({
    login: "iam_app",
    schema: IamDbSchema,
    sources: [{ ...Migrations.own, folder }],
    ...options,
  }).pipe(Effect.provideServiceEffect(PgClient, Effect.orDie(connect(url))), Effect.scoped);

/** An empty folder, which is gone with the scope. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "iam-migrations-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
);

/** A copy of the migrations' folder, or an empty one, with further migrations. */
export const folderWith = Effect.fnUntraced(function* (
  further: Readonly<Record<string, ReadonlyArray<string>>>,
  after: "ours" | "none" = "ours",
) {
  const path = yield* temporaryFolder;
  yield* Effect.promise(async () => {
    if (after === "ours") await cp(Migrations.own.folder, path, { recursive: true });
    for (const [name, statements] of Object.entries(further)) {
      await mkdir(join(path, name));
      await writeFile(join(path, name, "migration.sql"), statements.join("--> statement-breakpoint\n"));
    }
  });
  return path;
});

/** Where a database differs, in words, an object a line; nothing when there is no difference. */
export const differencesBetween = (expected: Catalogue.Catalogue, found: Catalogue.Catalogue): ReadonlyArray<string> =>
  Catalogue.compare(expected, found).map(({ expected: should, found: is, object }) => {
    if (is === undefined) return `missing: ${object}`;
    if (should === undefined) return `unexpected: ${object}`;
    return `${object} is\n  ${is.definition}\nand not\n  ${should.definition}`;
  });

/** Everything that migrating may touch: the catalogue, the journal, the roles and some rows. */
export const stateOf = Effect.fnUntraced(function* (adminUrl: Redacted.Redacted) {
  const client = yield* connect(adminUrl);
  const rowsOf = Effect.fnUntraced(function* (table: string) {
    const [{ exists } = { exists: false }] = yield* client<{ exists: boolean }>`
      select to_regclass(${table}) is not null as exists`;
    return exists ? yield* client`select * from ${client.literal(table)} order by id` : undefined;
  });
  return {
    catalogue: yield* Catalogue.read(client),
    journal: yield* rowsOf("drizzle.iam_migrations"),
    organizations: yield* rowsOf("iam_organizations"),
    roles: yield* client`
      select rolname, rolinherit, rolcanlogin, array(
        select role.rolname || ' ' || to_jsonb(m)::text from pg_auth_members m join pg_roles role on role.oid = m.roleid
        where m.member = pg_roles.oid order by role.rolname, m.grantor
      ) as member_of
      from pg_roles where rolname in ('iam_app', 'iam_owner', 'iam_service', 'iam_tenant') order by rolname`,
  };
}, Effect.scoped);
