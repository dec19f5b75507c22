/** Calls operations and compares what they answer with what their types say. */
import type { Errors } from "@beep/iam-domain";
import { type Api, Auth } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import type { SettingCookies, WithHeaders } from "../../../src/auth/Api.ts";
import { answer } from "./answers.ts";
import { gather, gatherFrom } from "./gathered.ts";

/** `Auth.api` with both forms of the operations that set cookies; its own type has the one without headers. */
export type Operations = {
  readonly [Name in keyof Api]: Api[Name] extends SettingCookies<infer Input, infer Output>
    ? {
        (input: Input & { readonly returnHeaders: true }): Effect.Effect<WithHeaders<Output>, Errors.AuthError>;
        (input: Input): Effect.Effect<Output, Errors.AuthError>;
      }
    : Auth.Auth["Service"]["api"][Name];
};

/** For each operation of a group a schema of what it answers. */
export type Group = Readonly<Record<string, Schema.Codec<unknown, unknown>>>;

const isTrue = (declared: Schema.Codec<unknown, unknown>, input: { readonly returnHeaders?: true }) =>
  Schema.decodeUnknownEffect(
    input.returnHeaders === true ? answer({ headers: Schema.instanceOf(Headers), response: declared }) : declared,
    { errors: "all", onExcessProperty: "error" },
  );

/** `Auth.api`, and what is seen of it: the operations that were called, and what their types say wrongly. */
const observed = (group: Group) =>
  Effect.map(Auth.Auth, (service) => {
    const called = new Set<string>();
    const untrue: Array<string> = [];
    const api = new Proxy(service.api as Operations, {
      get: (operations, name: keyof Api) => {
        const run: (input: never) => Effect.Effect<unknown, Errors.AuthError> = operations[name];
        const declared = group[name];
        if (declared === undefined) return run;
        return (input: never) =>
          run(input).pipe(
            Effect.tapCause((cause) => Effect.sync(() => untrue.push(`${name}: ${cause}`))),
            Effect.tap((answered) =>
              Effect.map(Effect.exit(isTrue(declared, input)(answered)), (decoded) => {
                called.add(name);
                gatherFrom(answered);
                if (Exit.isFailure(decoded)) untrue.push(`${name}: ${decoded.cause} in ${JSON.stringify(answered)}`);
              }),
            ),
          );
      },
    });
    return { api, called, untrue };
  });

/** Runs what calls every operation of a group, and says of each that it is untrue or was not called. */
export const verified = Effect.fnUntraced(function* <R>(
  group: Group,
  scenario: (api: Operations) => Effect.Effect<unknown, unknown, R>,
) {
  const { api, called, untrue } = yield* observed(group);
  const ended = yield* Effect.exit(scenario(api));
  if (Exit.isFailure(ended) && untrue.length === 0) untrue.push(`${ended.cause}`);
  for (const name of Object.keys(group)) if (!called.has(name)) untrue.push(`${name} was not called`);
  assert.deepStrictEqual(untrue, []);
});

/** A user whose address the server itself confirmed, signed in: without mail, so that no group waits for another's. */
export const person = Effect.fnUntraced(function* (name: string, role: "admin" | "user" = "user") {
  const { api } = yield* Auth.Auth;
  const email = `${name}@example.com`;
  const { user } = yield* api.createUser({
    body: { name, email, password: IamTest.password, role, data: { emailVerified: true } },
  });
  return { id: user.id, email, headers: yield* IamTest.signedIn(email) };
});

/** The token in the next message to an address. */
export const mailedTo = Effect.fnUntraced(function* (email: string) {
  const mailbox = yield* IamTest.Mailbox;
  let message = yield* mailbox.next;
  while (message.to !== email) message = yield* mailbox.next;
  const link = new URL(IamTest.linkIn(message));
  return gather(link.searchParams.get("token") ?? link.pathname.split("/").at(-1) ?? "");
});

/** The headers of a browser's next request, after those of an answer. */
export const browsing = (answered: Headers, before = new Headers()): Headers => {
  const cookies = new Map<string, string>();
  const pairs = (before.get("cookie") ?? "").split("; ").filter((pair) => pair !== "");
  for (const pair of pairs) cookies.set(pair.slice(0, pair.indexOf("=")), pair);
  for (const setCookie of answered.getSetCookie()) {
    const [pair = "", ...attributes] = setCookie.split("; ");
    const name = pair.slice(0, pair.indexOf("="));
    if (attributes.some((attribute) => attribute.toLowerCase() === "max-age=0")) cookies.delete(name);
    else cookies.set(name, pair);
  }
  return new Headers({ cookie: [...cookies.values()].join("; ") });
};
