/** Changes that are sent under a key, and what is there afterwards. */
import { Auth } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import type * as Redacted from "effect/Redacted";
import { asService } from "../../src/tenancy/asService.ts";
import { Listening, listeningOn } from "../auth/listening.ts";
import { type Answer, answerOf } from "../guarded.ts";

export type Headers = Readonly<Record<string, string>>;

/** A user's own key, with which they ask. */
export const asking = Effect.fnUntraced(function* (name: string) {
  const { api } = yield* Auth.Auth;
  const { user } = yield* api.createUser({
    body: { name, email: `${name}@example.com`, password: IamTest.password, data: { emailVerified: true } },
  });
  const { key } = yield* api.createApiKey({ body: { userId: user.id, rateLimitEnabled: false } });
  return { "x-api-key": key };
});

export const sending = Effect.map(
  Listening,
  ({ url }) =>
    (headers: Headers, key: string | undefined, method: string, path: string, body?: unknown): Effect.Effect<Answer> =>
      Effect.promise(async () =>
        answerOf(
          await fetch(`${url}/api${path}`, {
            method,
            headers: {
              ...headers,
              ...(key !== undefined && { "idempotency-key": key }),
              ...(body !== undefined && { "content-type": "application/json" }),
            },
            ...(body !== undefined && { body: JSON.stringify(body) }),
          }),
        ),
      ),
);

export const called = (slug: string) =>
  Effect.map(
    asService(
      Effect.flatMap(
        PgClient,
        (client) => client`select 1 from iam_organizations where slug = ${slug} or name = ${slug}`,
      ),
    ),
    (rows) => rows.length,
  );

export const isReplayed = ({ headers }: Answer) => headers.get("idempotent-replayed") === "true";

/** What an answer is, but for when it was given. */
export const said = ({ headers, status, text }: Answer) => ({ status, text, type: headers.get("content-type") });

/** The services on a server, listening. */
export const onServer = listeningOn((stated) => Layer.provideMerge(IamTest.configured(stated), TestDatabase.layer()));

/** Lets whoever makes an organization wait as long as the lock is held. */
export const held = Effect.fnUntraced(function* (adminUrl: Redacted.Redacted) {
  const sql = yield* connect(adminUrl);
  yield* sql`create or replace function wait_here() returns trigger language plpgsql security definer as
    'begin perform pg_advisory_xact_lock(7); return new; end'`;
  yield* sql`create or replace trigger wait_here before insert on iam_organizations for each row execute function wait_here()`;
  const holder = yield* connect(adminUrl);
  const holding = holder.withTransaction(Effect.andThen(holder`select pg_advisory_xact_lock(7)`, Effect.never));
  const fiber = yield* Effect.forkChild(holding);
  const waiting = (kind: string, count: number) =>
    Effect.gen(function* () {
      for (;;) {
        const rows =
          yield* sql`select from pg_stat_activity where datname = current_database() and wait_event = ${kind}`;
        if (rows.length >= count) return;
        yield* Effect.sleep("10 millis");
      }
    });
  return { sql, waiting, release: Fiber.interrupt(fiber) };
});
