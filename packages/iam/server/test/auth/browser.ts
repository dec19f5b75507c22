/** Requests to `Auth.handler` as a browser sends them: with its origin, and with the cookies that came back before. */
import type { Errors } from "@beep/iam-domain";
import { Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";

/** PostgreSQL, without the log: what these tests provoke would fill the screen. */
export const database = Layer.provideMerge(IamTest.postgres(), Logger.layer([]));

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** JSON where it is JSON, text otherwise, undefined where there is nothing. */
  readonly body: unknown;
  /** The code of an error. */
  readonly code: unknown;
}

export interface Browser {
  readonly get: (path: string, query?: Readonly<Record<string, string>>) => Effect.Effect<Answer>;
  readonly post: (path: string, body?: unknown) => Effect.Effect<Answer>;
  /** Sends a form from a page of another site, with which a browser sends no cookies. */
  readonly submit: (path: string, fields: Readonly<Record<string, string>>) => Effect.Effect<Answer>;
  /** Follows a link, whole address and all. */
  readonly follow: (link: string) => Effect.Effect<Answer>;
  /** What carries the session, for operations of `Auth.api`. */
  readonly headers: () => Headers;
  /** Sends a token with every further request, as a program does that is no browser. */
  readonly bear: (token: string) => void;
}

/** What stands at a path inside a JSON value. */
export const at = (value: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>((inner, key) => (inner instanceof Object ? Reflect.get(inner, key) : undefined), value);

/** The text at a path inside a JSON value; fails the test when there is none. */
export const text = (value: unknown, ...path: ReadonlyArray<string | number>): string => {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`No text at ${path.join(".")} of ${JSON.stringify(value)}.`);
  return found;
};

/** The answer's body, when the request was granted; fails the test otherwise. */
export const granted = (answer: Answer): unknown => {
  assert.strictEqual(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};

/** Fails the test unless the request was refused with this status and code. */
export const assertRefused = (answer: Answer, status: number, code: string): void =>
  assert.deepStrictEqual({ status: answer.status, code: answer.code }, { status, code }, JSON.stringify(answer.body));

/**
 * A browser without a session.
 *
 * @param origin where the server is
 * @param answer what answers a request
 */
export const browserOf = (origin: string, answer: (request: Request) => Effect.Effect<Response>): Browser => {
  const cookies = new Map<string, string>();
  let bearing: Readonly<Record<string, string>> = {};

  const remember = (setCookie: string): void => {
    const [pair = "", ...attributes] = setCookie.split(";").map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf("="));
    if (attributes.some((attribute) => attribute.toLowerCase() === "max-age=0")) cookies.delete(name);
    else cookies.set(name, pair.slice(name.length + 1));
  };

  const headers = () =>
    new Headers({ origin, cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "), ...bearing });

  const send = (address: string, init: RequestInit): Effect.Effect<Answer> =>
    Effect.gen(function* () {
      const response = yield* answer(new Request(new URL(address, origin), init));
      for (const setCookie of response.headers.getSetCookie()) remember(setCookie);
      const content = yield* Effect.promise(() => response.text());
      const isJson = response.headers.get("content-type")?.includes("json") ?? false;
      const body: unknown = content === "" ? undefined : isJson ? JSON.parse(content) : content;
      return { status: response.status, headers: response.headers, body, code: at(body, "code") };
    });

  return {
    get: (path, query = {}) =>
      Effect.suspend(() => send(`/api/auth${path}?${new URLSearchParams(query)}`, { headers: headers() })),
    post: (path, body = {}) =>
      Effect.suspend(() => {
        const sent = headers();
        sent.set("content-type", "application/json");
        return send(`/api/auth${path}`, { method: "POST", headers: sent, body: JSON.stringify(body) });
      }),
    submit: (path, fields) =>
      Effect.suspend(() =>
        send(`/api/auth${path}`, {
          method: "POST",
          headers: { origin: "https://elsewhere.example" },
          body: new URLSearchParams(fields),
        }),
      ),
    follow: (link) => Effect.suspend(() => send(link, { headers: headers() })),
    headers,
    bear: (token) => {
      bearing = { authorization: `Bearer ${token}` };
    },
  };
};

/** A browser without a session, whose requests go straight to `Auth.handler`. */
export const open: Effect.Effect<Browser, never, Auth.Auth> = Effect.map(Auth.Auth, ({ handler }) =>
  browserOf("http://localhost:3000", (request) =>
    // As the server answers what it did not expect.
    Effect.catchDefect(handler(request), () => Effect.succeed(new Response(null, { status: 500 }))),
  ),
);

/** A user, and the browser in which the user is signed in. */
export interface Person extends Browser {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** Signs in with the tests' password. */
export const signIn = (browser: Browser, email: string, password: string = IamTest.password): Effect.Effect<Answer> =>
  browser.post("/sign-in/email", { email, password });

/** Signs a user up, follows the mailed link, and signs in. */
export const signedUp = Effect.fnUntraced(function* (
  name: string,
): Effect.fn.Return<Person, never, Auth.Auth | IamTest.Mailbox> {
  const browser = yield* open;
  const mailbox = yield* IamTest.Mailbox;
  const email = `${name}@example.com`;
  const { id } = yield* Effect.map(
    browser.post("/sign-up/email", { name, email, password: IamTest.password }),
    (answer) => ({
      id: text(granted(answer), "user", "id"),
    }),
  );
  yield* browser.follow(IamTest.linkIn(yield* mailbox.next));
  granted(yield* signIn(browser, email));
  return { ...browser, id, name, email };
});

/** Somebody whom the server itself made an administrator of the installation. */
export const administrator = Effect.fnUntraced(function* (
  name: string,
): Effect.fn.Return<Person, Errors.AuthError, Auth.Auth> {
  const { api } = yield* Auth.Auth;
  const account = { name, email: `${name}@example.com`, password: IamTest.password };
  const { user } = yield* api.createUser({ body: { ...account, role: "admin", data: { emailVerified: true } } });
  const browser = yield* open;
  granted(yield* signIn(browser, account.email));
  return { ...browser, id: user.id, name, email: account.email };
});

/** An organization that the person made and owns; it is the active one afterwards. */
export const organizationOf = Effect.fnUntraced(function* (person: Browser, slug: string) {
  const body = granted(yield* person.post("/organization/create", { name: slug, slug }));
  const teams = granted(yield* person.get("/organization/list-teams", { organizationId: text(body, "id") }));
  return { id: text(body, "id"), memberId: text(body, "members", 0, "id"), teamId: text(teams, 0, "id") };
});

/** Makes a person a member: invited by one who may, and accepting. */
export const joined = Effect.fnUntraced(function* (
  organization: { readonly id: string },
  by: Browser,
  person: Person,
  role: string = "member",
) {
  const mailbox = yield* IamTest.Mailbox;
  const invited = granted(
    yield* by.post("/organization/invite-member", { email: person.email, role, organizationId: organization.id }),
  );
  yield* mailbox.next;
  const accepted = granted(
    yield* person.post("/organization/accept-invitation", { invitationId: text(invited, "id") }),
  );
  return { memberId: text(accepted, "member", "id") };
});

/** Three people, signed up once for all tests of a suite: passwords are slow to hash. */
export class Cast extends Context.Service<Cast, Readonly<Record<"ann" | "bob" | "cat", Person>>>()("test/auth/Cast") {
  static readonly on = <More>(services: Layer.Layer<More | Auth.Auth | IamTest.Mailbox, unknown>) =>
    Layer.provideMerge(
      Layer.effect(Cast, Effect.all({ ann: signedUp("ann"), bob: signedUp("bob"), cat: signedUp("cat") })),
      services,
    );
}

/** The ids of a list. */
export const idsOf = (list: unknown): ReadonlyArray<unknown> =>
  Array.isArray(list) ? list.map((row) => at(row, "id")) : assert.fail(`${JSON.stringify(list)} is no list.`);
