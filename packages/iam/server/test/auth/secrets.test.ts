/** What becomes of Better Auth's secrets: that each has its decision, and that the database, the seam and the page follow it. */
import { readFileSync } from "node:fs";
import { SqlState } from "@beep/db-admin";
import * as entities from "@beep/iam-domain/entities";
import { Auth, Telemetry } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { Envelope } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import { Collector, connect, IamTest, TestDatabase } from "@beep/testing";
import { assert, describe, it, layer } from "@effect/vitest";
import { getColumns, is } from "drizzle-orm";
import { getTableConfig, type PgColumn, type PgTable } from "drizzle-orm/pg-core";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { makeAdapter } from "../../src/auth/adapter.ts";
import { models, tables } from "../../src/auth/models.ts";
import { type Decision, decisions, plans, sealedFields } from "../../src/auth/secrets.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { worlds } from "../fuzz/world.ts";
import { type Answer, browserOf, granted } from "./browser.ts";
import { betterAuth } from "./control.ts";
import { everything } from "./everything.ts";
import { means } from "./means.ts";
import { gathered, gatherFrom } from "./operations/gathered.ts";
import { planted } from "./planted.ts";

const ours: Readonly<Record<string, PgTable>> = { ...tables, dataKey: IamDbSchema.dataKey };

/** The name of a model's entity. */
const entityOf = (table: PgTable): string =>
  Object.entries(IamDbSchema)
    .find(([, one]) => one === table)?.[0]
    .replace(/^./, (first) => first.toUpperCase()) ?? "";

interface Fields {
  readonly fields: Readonly<Record<string, unknown>>;
}

const modelsOf: Readonly<Record<string, { readonly Model: { readonly select: Fields; readonly json: Fields } }>> =
  entities;

/** The fields that a model keeps from clients. */
const sensitive = (table: PgTable): ReadonlyArray<string> => {
  const Model = modelsOf[entityOf(table)]?.Model;
  const json = Object.keys(Model?.json.fields ?? {});
  return Object.keys(Model?.select.fields ?? {}).filter((field) => !json.includes(field));
};

const factsOf = (table: PgTable) => {
  const services = getTableConfig(table).policies.find((policy) => is(policy, Table.ServiceSeesAll));
  return is(services, Table.ServiceSeesAll) ? services.facts : undefined;
};

const ofKind = (model: string, ...kinds: ReadonlyArray<Decision["kept"]>): ReadonlyArray<string> =>
  Object.entries(decisions[model] ?? {})
    .filter(([, { kept }]) => kinds.includes(kept))
    .map(([field]) => field)
    .toSorted();

/** How the package's page says it. */
const said = (decision: Decision): string => {
  if (decision.kept === "sealed") return "sealed";
  if (decision.kept === "digested") return `${decision.by} at the seam`;
  return decision.kept === "already" ? decision.by : "as it is";
};

describe("the secrets of Better Auth", () => {
  it.each(Object.entries(ours))(
    "CRY-5: %s has a decision for each field that it keeps from clients",
    (model, table) => {
      const decided = Object.keys(decisions[model] ?? {});
      assert.deepStrictEqual(
        sensitive(table).filter((field) => !decided.includes(field)),
        [],
      );
      const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
      assert.deepStrictEqual(
        decided.filter((field) => !(field in columns)),
        [],
        "there is no such field",
      );
    },
  );

  it("CRY-5: a field that nobody has decided upon is seen", () => {
    assert.include(sensitive(tables.account), "password");
    assert.notInclude(sensitive(tables.account), "providerId");
  });

  it.each(Object.entries(ours))(
    "CRY-1: %s states in its table what is decided, and the database demands it",
    (model, table) => {
      const { checks } = getTableConfig(table);
      const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
      const named = (fields: ReadonlyArray<string>) => fields.map((field) => columns[field]?.name).toSorted();
      assert.deepStrictEqual([...sealedFields(table).keys()].toSorted(), ofKind(model, "sealed"));
      assert.deepStrictEqual(
        (factsOf(table)?.digested ?? []).filter((name) => !named(ofKind(model, "already", "digested")).includes(name)),
        [],
      );
      const demanded = (form: string) =>
        checks.flatMap(({ name }) => {
          const end = `_${form}`;
          const start = `${getTableConfig(table).name}_`;
          return name.endsWith(end) ? [name.slice(start.length, -end.length)] : [];
        });
      assert.deepStrictEqual(demanded("sealed").toSorted(), named(ofKind(model, "sealed")));
      assert.deepStrictEqual(demanded("digested").toSorted(), named(ofKind(model, "digested")));
    },
  );

  it("CRY-5: the package's page shows the decisions", () => {
    const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const section = page.slice(page.indexOf("\n## Secrets\n") + 1).split("\n## ")[0] ?? "";
    const shown = section.split("\n").filter((line) => line.startsWith("| `"));
    const lines = Object.entries(decisions).flatMap(([model, fields]) =>
      Object.entries(fields).map(([field, one]) => `| \`${model}.${field}\` | ${said(one)} | ${one.because} |`),
    );
    assert.deepStrictEqual(shown, lines);
  });
});

/** Runs flows until all that they log and trace is exported; gives that and what they were given. */
const observed = <A, E, R>(flows: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const collector = yield* Collector.make;
    const telemetry = Telemetry.layer().pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url }))),
    );
    return { given: yield* Effect.provide(flows, telemetry), collector };
  });

layer(IamTest.postgres(), { excludeTestServices: true })("a database with everything in it", (test) => {
  const prepared = Effect.gen(function* () {
    const { options } = yield* betterAuth();
    const admin = yield* connect((yield* TestDatabase).adminUrl);
    const adapter = makeAdapter(yield* ServiceConnection, yield* means)(options);
    return { adapter, admin };
  });

  const sealedColumns = [...plans.values()].flatMap((plan) =>
    [...plan.sealed].map(([field, column]) => ({ plan, field, column, table: plan.tableName })),
  );

  /** Reads a row through the seam, as Better Auth would. */
  const read = (adapter: ReturnType<ReturnType<typeof makeAdapter>>, model: string, id: string) =>
    adapter.findOne<Record<string, unknown>>({ model, where: [{ field: "id", value: id }] });

  /** What promise code throws. */
  const thrownBy = (run: () => Promise<unknown>): Effect.Effect<unknown> =>
    Effect.promise(() =>
      run().then(
        () => undefined,
        (error: unknown) => error,
      ),
    );

  test.effect("CRY-1: what is sealed opens where it was written, and altered, moved or copied it fails closed", () =>
    Effect.gen(function* () {
      const make = yield* worlds;
      yield* Effect.promise(make);
      yield* Effect.promise(make);
      const { adapter, admin } = yield* prepared;
      yield* planted(adapter);
      const seen: Array<string> = [];
      for (const { column, field, plan, table } of sealedColumns) {
        const rows = yield* admin<{ id: string; envelope: string }>`
          select id, ${admin(column.name)} as envelope from ${admin(table)} where ${admin(column.name)} is not null
          order by id desc limit 2`;
        const [one, other] = rows;
        if (one === undefined) continue;
        seen.push(`${plan.model}.${field}`);
        const id = models.ids[plan.model]?.fromUuid(one.id) ?? "";
        const opened = yield* Effect.promise(() => read(adapter, plan.model, id));
        assert.notStrictEqual(opened?.[field], one.envelope);
        assert.isString(opened?.[field]);
        const put = (envelope: string) =>
          admin`update ${admin(table)} set ${admin(column.name)} = ${envelope} where id = ${one.id}`;
        const last = one.envelope.slice(-2, -1) === "A" ? "B" : "A";
        const altered = `${one.envelope.slice(0, -2)}${last}${one.envelope.slice(-1)}`;
        for (const wrong of [altered, ...(other === undefined ? [] : [other.envelope])]) {
          yield* put(wrong);
          const error = yield* thrownBy(() => read(adapter, plan.model, id));
          assert.deepInclude(error, { _tag: "SecretUnreadable", table, column: column.name, row: id });
          if (opened?.[field] !== "") assert.notInclude(JSON.stringify(error), String(opened?.[field]));
        }
        // And in another column of the same row.
        for (const [neighbour, to] of plan.sealed) {
          if (neighbour === field) continue;
          const [before] = yield* admin`select ${admin(to.name)} as envelope from ${admin(table)} where id = ${one.id}`;
          yield* put(one.envelope);
          yield* admin`update ${admin(table)} set ${admin(to.name)} = ${one.envelope} where id = ${one.id}`;
          assert.deepInclude(yield* thrownBy(() => read(adapter, plan.model, id)), { column: to.name });
          yield* admin`update ${admin(table)} set ${admin(to.name)} = ${before?.envelope ?? null} where id = ${one.id}`;
        }
        yield* put(one.envelope);
        assert.strictEqual((yield* Effect.promise(() => read(adapter, plan.model, id)))?.[field], opened?.[field]);
      }
      // So that no field is left out because the world has none of it.
      assert.deepStrictEqual(
        sealedColumns.map(({ field, plan }) => `${plan.model}.${field}`).filter((name) => !seen.includes(name)),
        [],
      );
    }),
  );

  test.effect("CRY-1: clear text in a column of secrets is refused by the database", () =>
    Effect.gen(function* () {
      const { admin } = yield* prepared;
      for (const { digested, sealed, table, tableName } of plans.values()) {
        const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
        for (const field of [...sealed.keys(), ...digested.keys()]) {
          const name = columns[field]?.name ?? "";
          const [{ count } = { count: 0 }] = yield* admin<{ count: number }>`
            select count(*)::int as count from ${admin(tableName)}`;
          if (count === 0) continue;
          const error = yield* Effect.flip(admin`update ${admin(tableName)} set ${admin(name)} = 'a secret in clear'`);
          assert.strictEqual(SqlState.of(error), "23514", `${tableName}.${name}`);
        }
      }
    }),
  );

  test.effect("CRY-1: what is sealed is neither looked for nor sorted by, and digests only as a whole", () =>
    Effect.gen(function* () {
      const { adapter } = yield* prepared;
      const refused = Effect.fnUntraced(function* (run: () => Promise<unknown>) {
        const error = yield* thrownBy(run);
        assert.deepInclude(error, { statusCode: 400 });
      });
      for (const { digested, model, sealed } of plans.values()) {
        for (const field of sealed.keys()) {
          yield* refused(() => adapter.findMany({ model, where: [{ field, value: "x" }] }));
          yield* refused(() => adapter.findMany({ model, sortBy: { field, direction: "asc" } }));
        }
        for (const field of digested.keys()) {
          yield* refused(() => adapter.findMany({ model, where: [{ field, operator: "contains", value: "x" }] }));
          yield* refused(() => adapter.findMany({ model, sortBy: { field, direction: "asc" } }));
        }
      }
    }),
  );

  test.effect("CRY-1: an update that moves a row to another owner seals it anew", () =>
    Effect.gen(function* () {
      const { adapter, admin } = yield* prepared;
      const providers = yield* Effect.promise(() =>
        adapter.findMany<{ id: string; oidcConfig: string | null }>({ model: "ssoProvider" }),
      );
      const provider = providers.find(({ oidcConfig }) => oidcConfig !== null);
      assert.isDefined(provider);
      const where = [{ field: "id", value: provider?.id ?? "" }];
      const moved = yield* Effect.promise(() =>
        adapter.update<{ oidcConfig: string }>({ model: "ssoProvider", where, update: { organizationId: null } }),
      );
      assert.strictEqual(moved?.oidcConfig, provider?.oidcConfig);
      const found = yield* Effect.promise(() =>
        adapter.findOne<{ oidcConfig: string }>({ model: "ssoProvider", where }),
      );
      assert.strictEqual(found?.oidcConfig, provider?.oidcConfig);
      const [row] = yield* admin<{ config: string }>`
        select oidc_config as config from iam_sso_providers where id = ${models.ids.ssoProvider?.toUuid(provider?.id ?? "") ?? ""}`;
      assert.isTrue(row === undefined || row.config === null || Envelope.is(row.config));
    }),
  );

  test.effect(
    "CRY-1: what a destroyed key has sealed is gone where it may be absent, and denies where it may not",
    () =>
      Effect.gen(function* () {
        const { adapter, admin } = yield* prepared;
        const [row] = yield* admin<{ id: string; user_id: string }>`
        select s.id, s.user_id from iam_sessions s join iam_two_factors f on f.user_id = s.user_id
        where s.ip_address is not null limit 1`;
        assert.isDefined(row);
        const userId = models.ids.user?.fromUuid(row?.user_id ?? "") ?? "";
        const ended = admin`
        update iam_data_keys set wrapped_key = null, key_version = null, destroyed_at = now()
        where owner_id = ${userId} returning id`;
        assert.isNotEmpty(yield* ended);
        const session = yield* Effect.promise(() =>
          read(adapter, "session", models.ids.session?.fromUuid(row?.id ?? "") ?? ""),
        );
        assert.deepInclude(session, { ipAddress: null, userAgent: null });
        const factor = () => adapter.findOne({ model: "twoFactor", where: [{ field: "userId", value: userId }] });
        const error = yield* thrownBy(factor);
        assert.deepInclude(error, { _tag: "SecretUnreadable", reason: "key destroyed" });
        const begun = () =>
          adapter.create({
            model: "session",
            data: { token: "t".repeat(32), userId, ipAddress: "192.0.2.1", expiresAt: new Date() },
          });
        const refusal = yield* thrownBy(begun);
        assert.deepInclude(refusal, { statusCode: 410 });
      }),
  );

  test.effect("CRY-5: the database holds nothing that lets anybody in, and neither do logs, spans and errors", () =>
    Effect.gen(function* () {
      const { admin } = yield* prepared;
      const agent = "an agent that nobody else has";
      const { collector, given } = yield* observed(
        Effect.gen(function* () {
          const given = new Set<string>();
          const take = (answer: Answer): Answer => {
            gatherFrom(answer.body);
            for (const cookie of answer.headers.getSetCookie()) {
              const value = decodeURIComponent(/^[^=]*=([^;]*)/.exec(cookie)?.[1] ?? "").split(".")[0] ?? "";
              if (value.length > 15) given.add(value);
            }
            return answer;
          };
          const mailbox = yield* IamTest.Mailbox;
          const { handler } = yield* Auth.Auth;
          const email = "canary@example.com";
          const person = browserOf("http://localhost:3000", (request) => {
            request.headers.set("user-agent", agent);
            return Effect.catchDefect(handler(request, "203.0.113.77"), () =>
              Effect.succeed(new Response(null, { status: 500 })),
            );
          });
          const mailed = Effect.map(mailbox.next, (message) => {
            const link = IamTest.linkIn(message);
            const url = new URL(link);
            given.add(url.searchParams.get("token") ?? url.pathname.split("/").at(-1) ?? "");
            return link;
          });
          take(yield* person.post("/sign-up/email", { name: "canary", email, password: IamTest.password }));
          yield* person.follow(yield* mailed);
          take(yield* person.post("/request-password-reset", { email, redirectTo: "/" }));
          yield* mailed;
          take(yield* person.post("/sign-in/magic-link", { email }));
          yield* mailed;
          take(yield* person.post("/sign-in/email", { email, password: IamTest.password }));
          assert.strictEqual(take(yield* person.get("/get-session")).status, 200);
          take(yield* person.get("/one-time-token/generate"));
          take(yield* person.post("/device/code", { client_id: "television" }));
          granted(take(yield* person.post("/siwe/nonce")));
          take(yield* person.get("/passkey/generate-register-options"));
          take(yield* person.post("/two-factor/enable", { password: IamTest.password }));
          // One that does not open, which is a failure of the server's.
          yield* admin`update iam_two_factors set secret = overlay(secret placing 'AAAA' from length(secret) - 10 for 4)`;
          take(yield* person.post("/two-factor/get-totp-uri", { password: IamTest.password }));
          return given;
        }),
      );
      const canaries = [...given, ...gathered, agent, "203.0.113.77", IamTest.password];
      assert.isAbove(canaries.length, 20);
      const exported = collector.exports.map(({ body }) => body).join("\n");
      assert.include(exported, "SecretUnreadable");
      const dump = yield* everything(admin);
      assert.include(dump, "canary@example.com");
      for (const [place, text] of Object.entries({ dump, exported })) {
        assert.deepStrictEqual(
          canaries.filter((canary) => text.includes(canary)),
          [],
          place,
        );
      }
    }),
  );
});
