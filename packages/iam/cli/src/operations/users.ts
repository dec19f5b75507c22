/** `iam user` */
import { Auth, Operator, Transaction } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import type { Operation } from "../explain.ts";
import { stated } from "../flags.ts";
import { inNameOf, operating } from "../operating.ts";
import * as Outbox from "../outbox.ts";
import * as Output from "../output.ts";
import * as Password from "../password.ts";

type User = Effect.Success<ReturnType<Operator.Operator["Service"]["user"]>>;

/** What somebody who looks for users is told. */
const summary = ({
  id,
  email,
  name,
  role,
  emailVerified,
  banned,
  banReason,
  banExpires,
  createdAt,
  ...rest
}: User) => ({
  id,
  email,
  name,
  role: role ?? "user",
  emailVerified,
  twoFactorEnabled: rest.twoFactorEnabled ?? false,
  banned: banned ?? false,
  banReason,
  banExpires,
  createdAt,
});

const state = ({ banned, emailVerified }: User): string => (banned ? "banned" : emailVerified ? "" : "unconfirmed");

/** A link by which the user sets a password. */
const sendLink = Effect.fnUntraced(function* (email: string) {
  const { api } = yield* Auth.Auth;
  yield* api.requestPasswordReset({ body: { email } });
});

/** Makes a user with a password, or mails a link to set one. */
export const create = (input: {
  readonly email: string;
  readonly name: string;
  readonly admin: boolean;
  readonly passwordStdin: boolean;
  readonly json: boolean;
}): Operation =>
  Effect.gen(function* () {
    const password = input.passwordStdin ? Option.some(yield* Password.read) : Option.none();
    return yield* operating(
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const body = {
          email: input.email,
          name: input.name,
          role: input.admin ? "admin" : "user",
          // The operator vouches for the address; who reads its mail sets the password.
          data: { emailVerified: true },
        } as const;
        const { user } = Option.isSome(password)
          ? yield* api.createUser({ body: { ...body, password: Redacted.value(password.value) } })
          : yield* Transaction.run(Effect.tap(api.createUser({ body }), ({ user }) => sendLink(user.email))).pipe(
              Effect.catchTag("SqlError", Effect.die),
            );
        yield* Output.result(input.json, summary(user), () => `${user.email} is created: ${user.id}`);
        if (Option.isNone(password)) {
          yield* Outbox.told({
            done: "The user was created",
            sent: (where) => `A mail with a link to set a password ${where}; it works for an hour.`,
            again: `let the user ask for a new password, or set one by \`iam user set-password ${user.email}\``,
          });
        }
      }),
    );
  });

/** Lists users, the earliest first. */
export const list = (input: {
  readonly search: Option.Option<string>;
  readonly limit: number;
  readonly offset: number;
  readonly json: boolean;
  readonly as: Option.Option<string>;
}): Operation =>
  operating(
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { administrator } = yield* Operator.Operator;
      const acting = yield* inNameOf(input.as, administrator);
      const { limit, offset } = input;
      const searched = stated({ searchValue: Option.filter(input.search, (text) => text !== "") });
      const { users, total } = yield* acting((headers) =>
        api.listUsers({ headers, query: { limit, offset, sortBy: "createdAt", ...searched } }),
      );
      yield* Output.result(input.json, { users: users.map(summary), total }, (width) =>
        Output.table(
          ["E-MAIL", "NAME", "ROLE", "STATE", "SINCE"],
          users.map((user) => [user.email, user.name, user.role ?? "user", state(user), Output.day(user.createdAt)]),
          width,
        ),
      );
      yield* Output.rest({ shown: users.length, offset, total });
    }),
  );

/** Shows a user, and the organizations that the user belongs to. */
export const show = ({ user: name, json }: { readonly user: string; readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const operator = yield* Operator.Operator;
      const user = yield* operator.user(name);
      const memberships = yield* operator.memberships(user.id);
      const until = user.banExpires === null ? "for good" : `until ${Output.moment(user.banExpires)}`;
      yield* Output.result(json, { ...summary(user), organizations: memberships }, () =>
        Output.fields([
          ["Id", user.id],
          ["E-mail", `${user.email}${user.emailVerified ? "" : " (not confirmed)"}`],
          ["Name", user.name],
          ["Role", user.role ?? "user"],
          ...(user.banned ? [["Banned", `${until}: ${user.banReason ?? ""}`] as const] : []),
          ["Two-factor", user.twoFactorEnabled ? "on" : "off"],
          ["Since", Output.moment(user.createdAt)],
          ...memberships.map(
            ({ slug, role }, index) => [index === 0 ? "Belongs to" : "", `${slug} (${role})`] as const,
          ),
        ]),
      );
    }),
  );

/** The user that is named, and what acts on it. */
const target = Effect.fnUntraced(function* (input: { readonly user: string; readonly as: Option.Option<string> }) {
  const { administrator, user } = yield* Operator.Operator;
  return { user: yield* user(input.user), acting: yield* inNameOf(input.as, administrator), ...(yield* Auth.Auth) };
});

interface OnUser {
  readonly user: string;
  readonly as: Option.Option<string>;
}

/** Bans a user. */
export const ban = (
  input: OnUser & { readonly reason: Option.Option<string>; readonly for: Option.Option<number> },
): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, user } = yield* target(input);
      const why = stated({ banReason: input.reason, banExpiresIn: input.for });
      yield* acting((headers) => api.banUser({ headers, body: { userId: user.id, ...why } }));
      yield* Output.say(`${user.email} is banned: every session is ended, and API keys are refused.`);
    }),
  );

/** Lets a banned user in again. */
export const unban = (input: OnUser): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, user } = yield* target(input);
      yield* acting((headers) => api.unbanUser({ headers, body: { userId: user.id } }));
      yield* Output.say(`${user.email} is not banned any more.`);
    }),
  );

/** Lists where a user is signed in. */
export const sessions = (input: OnUser & { readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, session, user } = yield* target(input);
      const found = yield* acting((headers) =>
        Effect.gen(function* () {
          const { sessions } = yield* api.listUserSessions({ headers, body: { userId: user.id } });
          const own = yield* session(headers);
          return sessions.filter(({ id }) => !Option.exists(own, (current) => current.session.id === id));
        }),
      );
      // Without their tokens, by which anybody could go on with them.
      const rows = found.map(({ id, ipAddress, userAgent, createdAt, expiresAt }) => ({
        id,
        ipAddress,
        userAgent,
        createdAt,
        expiresAt,
      }));
      yield* Output.result(input.json, { sessions: rows }, (width) =>
        Output.table(
          ["SINCE", "UNTIL", "ADDRESS", "PROGRAM"],
          rows.map((row) => [
            Output.moment(row.createdAt),
            Output.moment(row.expiresAt),
            row.ipAddress ?? "",
            row.userAgent ?? "",
          ]),
          width,
        ),
      );
    }),
  );

/** Ends a user's sessions. */
export const endSessions = (input: OnUser): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, user } = yield* target(input);
      yield* acting((headers) => api.revokeUserSessions({ headers, body: { userId: user.id } }));
      yield* Output.say(`Every session of ${user.email} is ended.`);
    }),
  );

/** Makes somebody an administrator, or no longer one. */
export const setRole = (input: OnUser & { readonly role: "admin" | "user" }): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, user } = yield* target(input);
      yield* acting((headers) => api.setRole({ headers, body: { userId: user.id, role: input.role } }));
      yield* Output.say(`${user.email} has the role ${input.role}.`);
    }),
  );

/** Sets a user's password, and ends the user's sessions. */
export const setPassword = (input: OnUser): Operation =>
  Effect.gen(function* () {
    const password = yield* Password.read;
    return yield* operating(
      Effect.gen(function* () {
        const { acting, api, user } = yield* target(input);
        yield* acting((headers) =>
          Effect.gen(function* () {
            const newPassword = Redacted.value(password);
            yield* api.setUserPassword({ headers, body: { userId: user.id, newPassword } });
            yield* api.revokeUserSessions({ headers, body: { userId: user.id } });
          }),
        );
        yield* Output.say(`${user.email} has a new password, and every session is ended.`);
      }),
    );
  });
