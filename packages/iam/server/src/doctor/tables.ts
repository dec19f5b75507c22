/** The tables: whether they are of this version, and still what migrating made of them. Nothing of them is changed. */
import { Catalogue, Migrations, SqlState } from "@beep/db-admin";
import type { Errors, Findings } from "@beep/iam-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import type * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import type { Reactivity } from "effect/reactivity/Reactivity";
import type { SqlError } from "effect/sql/SqlError";
import * as Application from "../db/Application.ts";
import { connect } from "./connection.ts";
import * as drift from "./drift.ts";
import * as Expected from "./Expected.ts";
import { error, warning } from "./finding.ts";
import { notExamined } from "./notExamined.ts";

/** What is examined, and how. */
export interface Options {
  /** The application's login, and the login under which the tables are migrated. */
  readonly login: string;
  readonly owner: string;
  /** The address of the owner, to try what migrating would put right; none where only the application's is known. */
  readonly ownerUrl: Redacted.Redacted | undefined;
  /** Whether the next start migrates. */
  readonly runMigrations: boolean;
  /** What a healthy database has. */
  readonly expected: Expected.Find;
}

/** What is wrong with the tables, as a client sees it that may look into the catalogue: any. */
export const examineTables = Effect.fnUntraced(function* (
  client: PgClient,
  options: Options,
): Effect.fn.Return<ReadonlyArray<Findings.Finding>, Errors.StartupError | SqlError, Reactivity> {
  const sources = yield* Application.sources;
  const pending = yield* Migrations.pendingOf(sources).pipe(Effect.provideService(PgClient, client), Effect.result);
  if (Result.isFailure(pending)) {
    // That the journal may not be read is a privilege that is missing, like others.
    if (pending.failure._tag === "SqlError") {
      if (SqlState.of(pending.failure) !== SqlState.insufficientPrivilege) return yield* pending.failure;
    } else return [error("DATABASE_NEWER", pending.failure.message, pending.failure.remedy)];
  } else if (pending.success.length > 0) {
    const message = Application.lacking(pending.success);
    return [
      options.runMigrations
        ? warning(
            "MIGRATION_PENDING",
            `${message} The next start applies them.`,
            "Run `iam migrate`, and examine again.",
          )
        : error("MIGRATION_PENDING", message, "Run `iam migrate` with IAM_MIGRATIONS_URL, and examine again."),
    ];
  }
  const names = Expected.namesOf(options);
  const [place] = yield* client<{ schema: string }>`select current_schema() as schema`;
  const expected = yield* options.expected({
    alone: options.login === options.owner,
    schema: place?.schema ?? "public",
  });
  const found = yield* Catalogue.read(client, names);
  const trusted = yield* client<{ name: string }>`
    select rolname as name from pg_roles
    where pg_has_role(oid, 'iam_service', 'member') and rolname not in ('iam_service', ${options.login})`;
  const tables = new Set([...expected.values()].flatMap(({ table }) => table ?? []));
  return [
    ...drift.findings(Catalogue.compare(expected, found), {
      expected,
      trusted: new Set(trusted.map(({ name }) => names[name] ?? name)),
    }),
    ...(yield* examineOthers(client, tables)),
    ...(yield* examineApplications(client, tables, options.ownerUrl)),
  ];
});

/** Tables of organizations that nothing keeps apart: made by hand, and not by `OrgTable`. */
const examineOthers = Effect.fnUntraced(function* (client: PgClient, ours: ReadonlySet<string>) {
  const others = yield* client<{ name: string }>`
    select distinct t.oid::regclass::text as name
    from pg_constraint key join pg_class t on t.oid = key.conrelid
    join pg_attribute a on a.attrelid = t.oid and a.attname = 'organization_id' and a.attnum = any(key.conkey)
    where key.contype = 'f' and key.confrelid = to_regclass('iam_organizations') and not exists (
      select from pg_policy p where p.polrelid = t.oid and p.polname in ('iam_tenant_isolation', 'iam_service_all')
    ) order by 1`;
  return others
    .filter(({ name }) => !ours.has(name))
    .map(({ name }) =>
      warning(
        "TABLE_WITHOUT_ISOLATION",
        `The table ${name} refers to organizations, and has no policy that keeps them apart.`,
        `Make ${name} by OrgTable.make, or keep it out of what tenants can reach.`,
      ),
    );
});

const undo = "undo" as const;

/**
 * An application's own tables, which only migrating with it would know: what the step that hardens tables would change
 * of them is missing. It is tried, and rolled back.
 */
const examineApplications = Effect.fnUntraced(function* (
  client: PgClient,
  ours: ReadonlySet<string>,
  ownerUrl: Redacted.Redacted | undefined,
) {
  const made = yield* client<{ name: string }>`
    select t.relname as name from pg_policy p join pg_class t on t.oid = p.polrelid
    where p.polname = 'iam_service_all' and t.relnamespace = current_schema()::regnamespace order by 1`;
  const others = new Set(made.map(({ name }) => name).filter((name) => !ours.has(name)));
  if (others.size === 0 || ownerUrl === undefined) return [];
  let changes: ReadonlyArray<Catalogue.Difference> = [];
  const tried = yield* connect(ownerUrl).pipe(
    Effect.flatMap((owner) =>
      owner.withTransaction(
        Effect.gen(function* () {
          // Whoever is writing is not kept waiting.
          yield* owner`set local lock_timeout = '1s'`;
          const before = yield* Catalogue.read(owner);
          yield* Effect.provideService(Migrations.harden, PgClient, owner);
          changes = Catalogue.compare(yield* Catalogue.read(owner), before);
          return yield* Effect.fail(undo);
        }),
      ),
    ),
    Effect.scoped,
    Effect.flip,
  );
  if (tried !== undo) return [notExamined(`an application's tables: ${SqlState.message(tried)}`)];
  return changes
    .filter(({ expected, found }) => others.has(expected?.table ?? found?.table ?? ""))
    .map(({ object }): Findings.Finding => error("HARDENING_MISSING", `Missing or changed: ${object}.`, drift.MIGRATE));
});
