import { IamDbSchema } from "@beep/iam-tables";
import { connect, type PostgresServer, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import { getTableConfig } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { Catalogue, SqlState } from "../src/index.ts";
import { expected } from "./catalogue/expected.ts";
import { differencesBetween, folderWith, migrate, stateOf } from "./support.ts";

/** Three organizations of three members each, written by the superuser. */
const populated = Effect.fnUntraced(function* (adminUrl: Redacted.Redacted) {
  const client = yield* connect(adminUrl);
  yield* client`
    insert into iam_organizations (id, name, slug) select gen_random_uuid(), 'o' || n, 'o' || n from generate_series(1, 3) n`;
  yield* client`
    insert into iam_users (id, name, email) select gen_random_uuid(), 'u' || n, 'u' || n from generate_series(1, 3) n`;
  yield* client`
    insert into iam_members (id, organization_id, user_id)
    select gen_random_uuid(), iam_organizations.id, iam_users.id from iam_organizations, iam_users`;
}, Effect.scoped);

/** Tries it on a server of a major version. */
export const onServer = (major: PostgresServer.Major): void => {
  describe(`on PostgreSQL ${major}`, () => {
    const migrated = TestDatabase.make({ major });
    const empty = TestDatabase.make({ major, template: "empty" });

    /** How a database differs from what the tables describe. */
    const differences = Effect.fnUntraced(function* (adminUrl: Redacted.Redacted) {
      const { ownerUrl } = yield* empty;
      const should = yield* expected(yield* connect(ownerUrl), IamDbSchema, "iam_app");
      return differencesBetween(should, yield* Catalogue.read(yield* connect(adminUrl)));
    });

    it.effect("ALN-5: migrations from empty give exactly the schema", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* empty;
        yield* migrate(ownerUrl);
        assert.deepStrictEqual(yield* differences(adminUrl), []);
      }),
    );

    it.effect("ALN-5: migrating twice changes nothing", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* migrated;
        yield* populated(adminUrl);
        const before = yield* stateOf(adminUrl);
        assert.lengthOf(before.organizations ?? [], 3);
        yield* migrate(ownerUrl);
        assert.deepStrictEqual(yield* stateOf(adminUrl), before);
      }),
    );

    it.effect("ALN-5: migrating again waits for nobody who is writing", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* migrated;
        const writer = yield* connect(adminUrl);
        yield* writer`begin`;
        for (const table of Object.values(IamDbSchema)) {
          yield* writer`lock table ${writer(getTableConfig(table).name)} in row exclusive mode`;
        }
        const impatient = new URL(Redacted.value(ownerUrl));
        impatient.searchParams.set("options", "-c lock_timeout=500ms");
        yield* migrate(Redacted.make(impatient.href));
        // What it would come to if it made a trigger again that is there.
        const owner = yield* connect(Redacted.make(impatient.href));
        const again = owner`
        create or replace trigger iam_touch_row before update on iam_members for each row execute function iam_touch_row()`;
        assert.strictEqual(SqlState.of(yield* Effect.flip(again)), "55P03");
        yield* writer`rollback`;
      }),
    );

    it.effect("ALN-5: what somebody did to the hardening, migrating puts right", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* migrated;
        const before = yield* stateOf(adminUrl);
        const admin = yield* connect(adminUrl);
        const deeds = [
          "alter table iam_members disable row level security",
          "alter table iam_teams no force row level security",
          "alter table iam_members disable trigger iam_touch_row",
          "drop trigger iam_given_once on iam_members",
          `create or replace trigger iam_given_once before update on iam_teams for each row
           when (old.id is distinct from new.id) execute function iam_refuse_change()`,
          `create trigger iam_place_in_organization before insert on iam_members for each row
           when (new.organization_id is null) execute function iam_place_in_organization('iam_teams', 'user_id')`,
          "create or replace function iam_touch_row() returns trigger language plpgsql as 'begin return new; end'",
          "revoke insert on iam_members from iam_service",
          "grant select on iam_sessions to iam_tenant",
          "comment on policy iam_tenant_reads on iam_users is null",
          "grant select (role), update (name) on iam_users to iam_tenant",
          "grant select on iam_members to public",
          "grant truncate on iam_members to iam_app",
          "drop trigger iam_immutable on iam_audit_seals",
          "alter table iam_audit_checkpoints enable trigger iam_not_truncated",
          "alter table iam_audit_events_other no force row level security, disable trigger iam_immutable",
          "grant execute on function iam_make_partitions() to public",
          "drop trigger iam_record_truncation on iam_members",
          `create or replace trigger iam_record after insert on iam_teams for each row
           execute function iam_record_iam_teams()`,
          `create or replace trigger iam_record after insert or delete or update on iam_invitations for each row
           execute function iam_record_iam_teams()`,
          "alter table iam_users enable trigger iam_record",
          `create or replace function iam_record_iam_users() returns trigger language plpgsql security definer
           set search_path = pg_catalog, public, pg_temp set timezone = 'UTC' as 'begin return null; end'`,
        ];
        for (const deed of deeds) yield* admin.unsafe(deed);
        assert.lengthOf(differencesBetween(before.catalogue, yield* Catalogue.read(admin)), deeds.length + 1);
        yield* migrate(ownerUrl);
        assert.deepStrictEqual(differencesBetween(before.catalogue, yield* Catalogue.read(admin)), []);

        // What the comparison says of parts at once, by itself.
        for (const deed of [
          "grant select on iam_audit_events_other to iam_tenant",
          "drop trigger iam_not_truncated on iam_audit_events_other",
          "alter table iam_audit_events_other disable row level security",
        ]) {
          yield* admin.unsafe(deed);
          assert.lengthOf(differencesBetween(before.catalogue, yield* Catalogue.read(admin)), 1, deed);
          yield* migrate(ownerUrl);
          assert.deepStrictEqual(differencesBetween(before.catalogue, yield* Catalogue.read(admin)), [], deed);
        }
      }),
    );

    it.effect("ALN-5: a failing migration leaves the database as it was, hardening included", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* migrated;
        yield* populated(adminUrl);
        const before = yield* stateOf(adminUrl);
        const folder = yield* folderWith({
          "20990101000000_works": ["alter table iam_teams add extra text", "update iam_organizations set name = 'x'"],
          "20990102000000_fails": ["create table extra (n int)", "select 1 / (count(*) - 3) from iam_organizations"],
        });
        const error = yield* Effect.flip(migrate(ownerUrl, { folder }));
        assert.deepInclude(error, {
          code: "MIGRATION_FAILED",
          message: "Migrating failed, and the database is as it was: division by zero",
        });
        assert.deepStrictEqual(yield* stateOf(adminUrl), before);
      }),
    );

    it.effect("ALN-5: a first migration that fails leaves an empty database empty", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* empty;
        const before = yield* stateOf(adminUrl);
        const folder = yield* folderWith({ "20990101000000_fails": ["select 1 / 0"] });
        assert.propertyVal(yield* Effect.flip(migrate(ownerUrl, { folder })), "code", "MIGRATION_FAILED");
        assert.deepStrictEqual(yield* stateOf(adminUrl), before);
        yield* migrate(ownerUrl);
        assert.deepStrictEqual(yield* differences(adminUrl), []);
      }),
    );

    it.effect("ALN-5: a data migration reaches every row under forced row security, run by no superuser", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* migrated;
        yield* populated(adminUrl);
        const before = yield* stateOf(adminUrl);
        const owner = yield* connect(ownerUrl);
        assert.deepStrictEqual(
          yield* owner`select rolname, rolsuper or rolbypassrls as above from pg_roles where rolname = session_user`,
          [{ rolname: "iam_owner", above: false }],
        );
        const update = "update iam_members set role = role || ',auditor'";
        // What the migration step is for: without it the same statement reaches no row, and says nothing.
        assert.deepStrictEqual(yield* owner.unsafe(`${update} returning id`), []);

        yield* migrate(ownerUrl, { folder: yield* folderWith({ "20990101000000_data": [update] }) });

        const admin = yield* connect(adminUrl);
        assert.deepStrictEqual(
          yield* admin`select role, version, count(*)::int as rows from iam_members group by role, version`,
          [{ role: "member,auditor", version: 2, rows: 9 }],
        );
        const after = yield* stateOf(adminUrl);
        assert.deepStrictEqual(differencesBetween(before.catalogue, after.catalogue), []);
        assert.deepStrictEqual(yield* owner.unsafe(`${update} returning id`), []);
      }),
    );

    it.effect("ALN-5: a database that a newer version migrated is refused, and unchanged", () =>
      Effect.gen(function* () {
        const { adminUrl, ownerUrl } = yield* migrated;
        const folder = yield* folderWith({ "20990101000000_newer": ["alter table iam_teams add extra text"] });
        yield* migrate(ownerUrl, { folder });
        const newer = yield* stateOf(adminUrl);
        const error = yield* Effect.flip(migrate(ownerUrl));
        assert.deepInclude(error, {
          code: "DATABASE_NEWER",
          message: "The database was migrated by a newer version (20990101000000_newer).",
          remedy: "Run the version that migrated it, or restore a backup from before.",
        });
        assert.deepStrictEqual(yield* stateOf(adminUrl), newer);
      }),
    );
  });
};
