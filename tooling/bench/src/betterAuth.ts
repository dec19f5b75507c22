/** Better Auth by itself and as our services compose it, over the same rows and with the same secret. */
import { Iam, KeyManagement, Mailer, TextMessages } from "@beep/iam-server";
import type { IamDb } from "@beep/iam-server/db/Db";
import { IamDbSchema } from "@beep/iam-tables";
import { apiKey } from "@better-auth/api-key";
import { drizzleAdapter } from "@better-auth/drizzle-adapter/relations-v2";
import { betterAuth } from "better-auth/minimal";
import { admin, openAPI, organization, twoFactor } from "better-auth/plugins";
import { defineRelations } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { boolean, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import * as ConfigProvider from "effect/ConfigProvider";
import type * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import type pg from "pg";

const baseURL = "http://localhost:3000";

/** What both sign cookies with. */
export const secret = "bWVhc3VyZWQsIGFuZCBub3RoaW5nIGVsc2UgLi4u";

/** Our composition, which sends no message. */
export const ours = (
  services: Context.Context<IamDb.Provided>,
): Effect.Effect<Context.Context<IamDb.Provided | Iam.Services>, unknown, Scope.Scope> => {
  const config = ConfigProvider.layer(
    ConfigProvider.fromUnknown({
      IAM_BASE_URL: baseURL,
      IAM_SECRET: secret,
      IAM_KEY_ENCRYPTION_KEYS: "1:bWVhc3VyZWQsIGFuZCBub3RoaW5nIGVsc2UgLi4uLi4=",
    }),
  );
  const mailer = Layer.succeed(Mailer.Mailer, { send: () => Effect.void });
  const textMessages = Layer.succeed(TextMessages.TextMessages, { send: () => Effect.void });
  return Layer.build(
    Iam.services.pipe(
      Layer.provideMerge(Layer.succeedContext(services)),
      Layer.provide([KeyManagement.layerLocal, mailer, textMessages]),
      Layer.provide(config),
    ),
  );
};

/** What is asked of Better Auth. */
export interface Plain {
  readonly api: {
    readonly getSession: (input: { readonly headers: Headers }) => Promise<unknown>;
    readonly listMembers: (input: {
      readonly headers: Headers;
      readonly query: { readonly organizationId: string; readonly limit: number; readonly offset: number };
    }) => Promise<{ readonly members: ReadonlyArray<unknown> }>;
  };
}

/**
 * As its documentation sets it up, with the plugins that ours has. The tables that it reads are as plain as it generates
 * them; it asks for the others, and reads none of them.
 */
export const plain = (pool: pg.Pool): Plain => {
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
  const member = pgTable("iam_members", {
    id: uuid().primaryKey(),
    organizationId: uuid("organization_id").notNull(),
    userId: uuid("user_id").notNull(),
    role: text().notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  });
  const schema = { session, user, member };
  const relations = defineRelations(schema, (r) => ({
    session: { user: r.one.user({ from: r.session.userId, to: r.user.id, optional: false }) },
    user: { sessions: r.many.session(), members: r.many.member() },
    member: { user: r.one.user({ from: r.member.userId, to: r.user.id, optional: false }) },
  }));
  return betterAuth({
    baseURL,
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
