/**
 * The session of a request, by its signed cookie: plain Better Auth, as one sets it up on drizzle and `pg`; ours; and one
 * prepared join on `pg`, which verifies nothing and is the distance to the floor. All on the same rows of one database.
 */
import { Auth } from "@beep/iam-server";
import { cookieOf, sqlUuid } from "@beep/testing/Population";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Benchmark } from "../Benchmark.ts";
import * as betterAuth from "../betterAuth.ts";
import * as Database from "../Database.ts";

const count = 10_000;

export const session: Benchmark = {
  name: "session",
  description: "The session of a request, by its cookie: plain Better Auth, ours, a bare join.",
  setUp: Effect.gen(function* () {
    const { admin, appUrl, services } = yield* Database.make;
    yield* fill(admin);
    const pool = yield* Database.openPool(appUrl);
    const plain = betterAuth.plain(pool);
    const ours = Context.get(yield* betterAuth.ours(services), Auth.Auth);

    const cookies = Array.from({ length: count }, (_, index) =>
      cookieOf(tokenOf(((index * 48_271) % count) + 1), betterAuth.secret),
    );
    const headersOf = (index: number) => new Headers({ cookie: cookies[index % count] ?? "" });

    return {
      subjects: [
        {
          name: "the session of a request",
          cases: [
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

const fill = Effect.fnUntraced(function* (admin: PgClient) {
  const id = sqlUuid("n");
  yield* admin.unsafe(`
    insert into iam_users (id, name, email, email_verified)
    select ${id}, 'user ' || n, 'user' || n || '@example.com', true from generate_series(1, ${count}) as n`);
  yield* admin.unsafe(`
    insert into iam_sessions (id, user_id, token, expires_at, ip_address, user_agent)
    select ${id}, ${id}, 'token-' || n, now() + interval '7 days', '192.0.2.1', 'Mozilla/5.0'
    from generate_series(1, ${count}) as n`);
  yield* admin.unsafe("vacuum analyze iam_users, iam_sessions");
});
