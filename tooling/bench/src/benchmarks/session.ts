/**
 * The session of a request, by its signed cookie: plain Better Auth, as one sets it up on drizzle and `pg`; ours; and one
 * prepared join on `pg`, which verifies nothing and is the distance to the floor. All on the same rows of one database.
 *
 * Ours finds a token by its digest, and opens what a session has sealed. Plain Better Auth takes the digests for tokens.
 */
import { KeyOwner } from "@beep/iam-domain";
import { Auth, Secrets, Transaction } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { cookieOf, digestOf, sqlUuid } from "@beep/testing/Population";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import type { Benchmark } from "../Benchmark.ts";
import * as betterAuth from "../betterAuth.ts";
import * as Database from "../Database.ts";

const count = 10_000;

export const session: Benchmark = {
  name: "session",
  description: "The session of a request, by its cookie: plain Better Auth, ours, a bare join.",
  setUp: Effect.gen(function* () {
    const { admin, appUrl, services } = yield* Database.make;
    const pool = yield* Database.openPool(appUrl);
    const plain = betterAuth.plain(pool);
    const provided = yield* betterAuth.ours(services);
    const ours = Context.get(provided, Auth.Auth);
    yield* Effect.provideContext(fill(admin), provided);

    const cookiesOf = (token: (row: number) => string) =>
      Array.from({ length: count }, (_, index) => cookieOf(token(((index * 48_271) % count) + 1), betterAuth.secret));
    const cookies = cookiesOf(tokenOf);
    const plainCookies = cookiesOf((row) => digestOf(tokenOf(row)));
    const headersOf = (index: number) => new Headers({ cookie: cookies[index % count] ?? "" });
    const plainHeadersOf = (index: number) => new Headers({ cookie: plainCookies[index % count] ?? "" });

    return {
      subjects: [
        {
          name: "the session of a request",
          cases: [
            {
              name: "Better Auth on drizzle and pg",
              operation: (index) =>
                Effect.map(
                  Effect.promise(() => plain.api.getSession({ headers: plainHeadersOf(index) })),
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
                  Effect.promise(() => pool.query({ ...join, values: [digestOf(tokenOf((index % count) + 1))] })),
                  ({ rowCount }) => demand(rowCount === 1),
                ),
            },
          ],
        },
      ],
    };
  }),
};

const join = {
  name: "session",
  text: "select s.*, u.* from iam_sessions s join iam_users u on u.id = s.user_id where s.token = $1",
};

const demand = (found: boolean): void => {
  if (!found) throw new Error("The session was not found.");
};

const tokenOf = (row: number): string => `token-${row}`;

/** As many sessions are sealed in one transaction. */
const AT_ONCE = 1_000;

const fill = Effect.fnUntraced(function* (admin: PgClient) {
  const secrets = yield* Secrets.Secrets;
  const { session: table } = IamDbSchema;
  yield* admin.unsafe(`
    insert into iam_users (id, name, email, email_verified)
    select ${sqlUuid("n")}, 'user ' || n, 'user' || n || '@example.com', true from generate_series(1, ${count}) as n`);
  const users = yield* admin<{ id: string }>`select id from iam_users order by id`;
  for (let from = 0; from < count; from += AT_ONCE) {
    const rows = users.slice(from, from + AT_ONCE).map(({ id }, index) => ({ id, token: tokenOf(from + index + 1) }));
    const envelopes = yield* Transaction.run(
      secrets.seal(
        rows.flatMap(({ id }) => {
          const owner = KeyOwner.user(SharedEntityIds.UserId.fromUuid(id));
          const row = IamEntityIds.SessionId.fromUuid(id);
          return [
            { owner, place: Secrets.at(table.ipAddress, row), value: Redacted.make("192.0.2.1") },
            { owner, place: Secrets.at(table.userAgent, row), value: Redacted.make("Mozilla/5.0") },
          ];
        }),
      ),
    );
    const values = rows.map(({ id, token }, index) => ({
      id,
      user_id: id,
      token: digestOf(token),
      ip_address: envelopes[2 * index],
      user_agent: envelopes[2 * index + 1],
    }));
    yield* admin`
      insert into iam_sessions (id, user_id, token, expires_at, ip_address, user_agent)
      select id, user_id, token, now() + interval '7 days', ip_address, user_agent
      from json_to_recordset(${JSON.stringify(values)}::json)
        as r (id uuid, user_id uuid, token text, ip_address text, user_agent text)`;
  }
  yield* admin.unsafe("vacuum analyze iam_users, iam_sessions, iam_data_keys");
});
