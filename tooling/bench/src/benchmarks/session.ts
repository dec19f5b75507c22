/**
 * The session of a request, by its signed cookie: plain Better Auth, as one sets it up on drizzle and `pg`; ours; and one
 * prepared join on `pg`, which verifies nothing and is the distance to the floor. All on the same rows of one database.
 */
import { createHmac } from "node:crypto";
import { Auth, Mailer, TextMessages } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { apiKey } from "@better-auth/api-key";
import { drizzleAdapter } from "@better-auth/drizzle-adapter/relations-v2";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { betterAuth } from "better-auth/minimal";
import { admin, openAPI, organization, twoFactor } from "better-auth/plugins";
import { defineRelations } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { boolean, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type pg from "pg";
import type { Benchmark } from "../Benchmark.ts";
import * as Database from "../Database.ts";

const baseUrl = "http://localhost:3000";
const secret = "bWVhc3VyZWQsIGFuZCBub3RoaW5nIGVsc2UgLi4u";
const count = 10_000;

export const session: Benchmark = {
  name: "session",
  description: "The session of a request, by its cookie: plain Better Auth, ours, a bare join.",
  setUp: Effect.gen(function* () {
    const { admin, appUrl, services } = yield* Database.make;
    yield* fill(admin);
    const pool = yield* Database.openPool(appUrl);
    const plain = plainBetterAuth(pool);
    const config = ConfigProvider.layer(ConfigProvider.fromUnknown({ IAM_BASE_URL: baseUrl, IAM_SECRET: secret }));
    const mailer = Layer.succeed(Mailer.Mailer, { send: () => Effect.void });
    const textMessages = Layer.succeed(TextMessages.TextMessages, { send: () => Effect.void });
    const ours = yield* Layer.build(
      Auth.layer.pipe(Layer.provide([Layer.succeedContext(services), mailer, textMessages, config])),
    ).pipe(Effect.map(Context.get(Auth.Auth)));

    const cookies = Array.from({ length: count }, (_, index) => cookieOf(tokenOf(((index * 48_271) % count) + 1)));
    const headersOf = (index: number) => new Headers({ cookie: cookies[index % count] ?? "" });

    return [
      {
        name: "Better Auth on drizzle and pg",
        operation: (index) =>
          Effect.map(
            Effect.promise(() => plain.api.getSession({ headers: headersOf(index) })),
            (found) => demand(found !== null),
          ),
      },
      {
        name: "Better Auth on our connection",
        operation: (index) =>
          Effect.map(ours.api.getSession({ headers: headersOf(index) }), (found) => demand(found !== null)),
      },
      {
        name: "Auth.session",
        operation: (index) => Effect.map(ours.session(headersOf(index)), (found) => demand(Option.isSome(found))),
      },
      {
        name: "pg, one prepared join",
        operation: (index) =>
          Effect.map(
            Effect.promise(() => pool.query({ ...join, values: [tokenOf((index % count) + 1)] })),
            ({ rowCount }) => demand(rowCount === 1),
          ),
      },
    ];
  }),
};

const join = {
  name: "session",
  text: "select s.*, u.* from iam_sessions s join iam_users u on u.id = s.user_id where s.token = $1",
};

/**
 * As its documentation sets it up, with the plugins that ours has. Its two tables are as plain as it generates them; it
 * asks for the others, and reads none of them.
 */
const plainBetterAuth = (pool: pg.Pool) => {
  const user = pgTable("iam_users", {
    id: uuid().primaryKey(),
    name: text().notNull(),
    email: text().notNull(),
    emailVerified: boolean("email_verified").notNull(),
    image: text(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull(),
    role: text(),
    banned: boolean(),
    banReason: text("ban_reason"),
    banExpires: timestamp("ban_expires", { withTimezone: true }),
    twoFactorEnabled: boolean("two_factor_enabled"),
  });
  const session = pgTable("iam_sessions", {
    id: uuid().primaryKey(),
    expiresAt: timestamp("expires_at", { withTimezone: true }).notNull(),
    token: text().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull(),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    userId: uuid("user_id").notNull(),
    impersonatedBy: uuid("impersonated_by"),
    activeOrganizationId: uuid("active_organization_id"),
    activeTeamId: uuid("active_team_id"),
  });
  const schema = { session, user };
  const relations = defineRelations(schema, (r) => ({
    session: { user: r.one.user({ from: r.session.userId, to: r.user.id, optional: false }) },
    user: { sessions: r.many.session() },
  }));
  return betterAuth({
    baseURL: baseUrl,
    secret,
    telemetry: { enabled: false },
    database: drizzleAdapter(drizzle({ client: pool, relations }), {
      provider: "pg",
      schema: { ...IamDbSchema, apikey: IamDbSchema.apiKey, ...schema },
    }),
    advanced: { database: { generateId: "uuid", joins: true } },
    plugins: [
      organization({ teams: { enabled: true }, dynamicAccessControl: { enabled: true } }),
      admin(),
      apiKey(),
      twoFactor(),
      openAPI(),
    ],
  });
};

const demand = (found: boolean): void => {
  if (!found) throw new Error("The session was not found.");
};

const tokenOf = (row: number): string => `token-${row}`;

const cookieOf = (token: string): string => {
  const signature = createHmac("sha256", secret).update(token).digest("base64");
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`;
};

const fill = Effect.fnUntraced(function* (admin: PgClient) {
  const id = Database.sqlUuid("n");
  yield* admin.unsafe(`
    insert into iam_users (id, name, email, email_verified)
    select ${id}, 'user ' || n, 'user' || n || '@example.com', true from generate_series(1, ${count}) as n`);
  yield* admin.unsafe(`
    insert into iam_sessions (id, user_id, token, expires_at, ip_address, user_agent)
    select ${id}, ${id}, 'token-' || n, now() + interval '7 days', '192.0.2.1', 'Mozilla/5.0'
    from generate_series(1, ${count}) as n`);
  yield* admin.unsafe("vacuum analyze iam_users, iam_sessions");
});
