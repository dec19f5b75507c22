/** An installation of a version that kept secrets in clear, or encrypted with its own secret, started by this one. */
import { Auth, Secrets } from "@beep/iam-server";
import { Digest, Envelope } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, it } from "@effect/vitest";
import { symmetricEncrypt } from "better-auth/crypto";
import { getColumns } from "drizzle-orm";
import { getTableConfig, type PgColumn, PgDialect } from "drizzle-orm/pg-core";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Redacted from "effect/Redacted";
import { makeAdapter } from "../../src/auth/adapter.ts";
import * as digests from "../../src/auth/digests.ts";
import { models } from "../../src/auth/models.ts";
import { plans } from "../../src/auth/secrets.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { worlds } from "../fuzz/world.ts";
import { assertRefused, at, browserOf, granted, open, signedUp, signIn, text } from "./browser.ts";
import { betterAuth } from "./control.ts";
import { means } from "./means.ts";
import { planted } from "./planted.ts";
import { codeNow } from "./totp.ts";

const dialect = new PgDialect();

/** What Better Auth encrypted by itself, as it did. */
const asBefore = (model: string, field: string, clear: string): Promise<string> => {
  const encrypted = () => symmetricEncrypt({ key: IamTest.secret, data: clear });
  if (model === "account" && field !== "idToken") return encrypted();
  if (model === "twoFactor" && field === "backupCodes") return encrypted();
  if (model === "jwks") return encrypted().then((text) => JSON.stringify(text));
  return Promise.resolve(clear);
};

/**
 * Puts all that is sealed back into clear, and the checks to where migrating leaves them.
 *
 * @param raw what digests were made of, as far as the test knows
 */
const unsealed = Effect.fnUntraced(function* (admin: PgClient, raw: ReadonlyMap<string, string>) {
  const { options } = yield* betterAuth();
  const adapter = makeAdapter(yield* ServiceConnection, yield* means)(options);
  for (const { digested, model, sealed, table, tableName } of plans.values()) {
    const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
    const checks = getTableConfig(table).checks.filter(({ name }) => /_(?:sealed|digested)$/.test(name));
    for (const { name } of checks) yield* admin`alter table ${admin(tableName)} drop constraint ${admin(name)}`;
    const rows = yield* Effect.promise(() => adapter.findMany<Record<string, unknown>>({ model, limit: 1_000 }));
    for (const row of rows) {
      const values: Record<string, string> = {};
      for (const field of sealed.keys()) {
        const clear = row[field];
        if (typeof clear !== "string") continue;
        values[columns[field]?.name ?? ""] = yield* Effect.promise(() => asBefore(model, field, clear));
      }
      for (const field of digested.keys()) {
        const clear = raw.get(String(row[field]));
        if (clear !== undefined) values[columns[field]?.name ?? ""] = clear;
      }
      if (Object.keys(values).length === 0) continue;
      const id = models.ids[model]?.toUuid(String(row.id)) ?? "";
      yield* admin`update ${admin(tableName)} set ${admin.update(values)} where id = ${id}::uuid`;
    }
    for (const { name, value } of checks) {
      yield* admin.unsafe(
        `alter table ${tableName} add constraint ${name} check (${dialect.sqlToQuery(value).sql}) not valid`,
      );
    }
  }
});

const unvalidated = (admin: PgClient) => admin<{ name: string }>`
  select conname as name from pg_constraint where contype = 'c' and not convalidated`;

it.live("CRY-1: what an earlier version left in clear is sealed at the start, and nothing of it is lost", () =>
  Effect.gen(function* () {
    const database = yield* TestDatabase.make();
    const started = (more: Readonly<Record<string, string>> = {}) =>
      Layer.build(
        Layer.fresh(IamTest.configured(more)).pipe(
          Layer.provide(Layer.succeed(TestDatabase, database)),
          Layer.provideMerge(Logger.layer([])),
        ),
      );
    const migrating = { IAM_RUN_MIGRATIONS: "true", IAM_MIGRATIONS_URL: Redacted.value(database.ownerUrl) };
    const admin = yield* connect(database.adminUrl);

    const before = yield* started();
    const email = "ann@example.com";
    const { clear, cookie, link, totp } = yield* Effect.gen(function* () {
      const make = yield* worlds;
      yield* Effect.promise(make);
      const ann = yield* signedUp("ann");
      const totp = text(granted(yield* ann.post("/two-factor/enable", { password: IamTest.password })), "totpURI");
      granted(yield* ann.post("/two-factor/verify-totp", { code: codeNow(totp) }));
      granted(yield* ann.post("/request-password-reset", { email, redirectTo: "/" }));
      const mailbox = yield* IamTest.Mailbox;
      let message = yield* mailbox.next;
      while (message.to !== email || !message.text.includes("/reset-password/")) message = yield* mailbox.next;
      const link = new URL(IamTest.linkIn(message)).pathname.split("/").at(-1) ?? "";
      const cookie = ann.headers().get("cookie") ?? "";
      const token = /session_token=([^.;]+)/.exec(cookie)?.[1] ?? "";
      const { digestingKey } = yield* means;
      const identifier = `reset-password:${link}`;
      const raw = new Map([
        [IamTest.digestOf(token), token],
        [digests.ofGuessable(digestingKey, "verification.identifier", identifier), identifier],
      ]);
      const { options } = yield* betterAuth();
      const adapter = makeAdapter(yield* ServiceConnection, yield* means)(options);
      yield* planted(adapter);
      const clear = yield* Effect.promise(() => adapter.findMany<Record<string, unknown>>({ model: "account" }));
      yield* unsealed(admin, raw);
      return { clear, cookie, link, totp };
    }).pipe(Effect.provideContext(before));

    // It really is in clear, and a start that migrates cannot make the checks hold.
    const inClear = admin<{ count: number }>`
      select count(*)::int as count from iam_verifications
      where value !~ ${Envelope.pattern} or identifier !~ ${Digest.pattern}`;
    assert.isAbove((yield* inClear)[0]?.count ?? 0, 0);
    const after = yield* started(migrating);
    assert.strictEqual((yield* inClear)[0]?.count, 0);
    assert.isNotEmpty(yield* unvalidated(admin));
    for (const { digested, sealed, table, tableName } of plans.values()) {
      const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
      for (const [fields, pattern] of [
        [sealed, Envelope.pattern],
        [digested, Digest.pattern],
      ] as const) {
        for (const field of fields.keys()) {
          const name = columns[field]?.name ?? "";
          assert.deepStrictEqual(
            yield* admin`select id from ${admin(tableName)} where ${admin(name)} !~ ${pattern}`,
            [],
            `${tableName}.${name}`,
          );
        }
      }
    }

    yield* Effect.gen(function* () {
      // The session, the second factor, the link, and what providers gave.
      const { handler } = Context.get(after, Auth.Auth);
      const browser = browserOf("http://localhost:3000", (request) => {
        request.headers.set("cookie", cookie);
        return handler(request);
      });
      assert.strictEqual(at(granted(yield* browser.get("/get-session")), "user", "email"), email);
      const { options } = yield* betterAuth();
      const adapter = makeAdapter(yield* ServiceConnection, yield* means)(options);
      const accounts = yield* Effect.promise(() => adapter.findMany<Record<string, unknown>>({ model: "account" }));
      const tokens = (rows: typeof accounts) =>
        rows.map(({ accessToken, id, refreshToken }) => ({ accessToken, id, refreshToken }));
      assert.deepStrictEqual(tokens(accounts), tokens(clear));
      assert.isTrue(accounts.some(({ accessToken }) => typeof accessToken === "string"));
      const another = "another horse battery staple";
      granted(yield* (yield* open).post("/reset-password", { token: link, newPassword: another }));
      const again = yield* open;
      assert.isTrue(at(granted(yield* signIn(again, email, another)), "twoFactorRedirect"));
      granted(yield* again.post("/two-factor/verify-totp", { code: codeNow(totp) }));
      assertRefused(
        yield* (yield* open).post("/reset-password", { token: link, newPassword: another }),
        400,
        "INVALID_TOKEN",
      );
      assert.isDefined(yield* Secrets.Secrets);
    }).pipe(Effect.provideContext(after));

    yield* started(migrating);
    assert.deepStrictEqual(yield* unvalidated(admin), []);
  }).pipe(Effect.scoped),
);
