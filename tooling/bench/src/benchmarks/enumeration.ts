/**
 * Whether the time of an answer tells that an address is known: a sign-in with a wrong password, the request for a new
 * password, and a sign-up, each with an address that is known and with one that is not. On the services as an installation
 * has them, but for the limits on requests, which a thousand calls would meet.
 */
import { Auth } from "@beep/iam-server";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Logger from "effect/Logger";
import type { Comparison } from "../Benchmark.ts";
import { baseUrl, makeServices } from "../services.ts";

const password = "correct horse battery staple";
const known = "known@example.com";

export const enumeration: Comparison = {
  name: "enumeration",
  description: "Known and unknown addresses at sign-in, reset and sign-up: as fast as each other?",
  setUp: Effect.gen(function* () {
    const { api, handler } = Context.get(yield* makeServices(), Auth.Auth);
    yield* api.createUser({ body: { name: "Known", email: known, password, data: { emailVerified: true } } });

    let count = 0;
    /** An address that nobody has, as long as the one that is known. */
    const unknown = () => `${(count++).toString(36).padStart(5, "x")}@example.com`;

    const post = (path: string, status: number, body: () => Readonly<Record<string, string>>) =>
      Effect.gen(function* () {
        const response = yield* handler(
          new Request(`${baseUrl}/api/auth${path}`, {
            method: "POST",
            headers: { "content-type": "application/json", origin: baseUrl },
            body: JSON.stringify(body()),
          }),
        );
        const answer = yield* Effect.promise(() => response.text());
        if (response.status !== status) throw new Error(`${path} answered ${response.status}: ${answer}`);
      });

    // Its lines would be between those of the report.
    const silent = Effect.provide(Logger.layer([]));

    const pair = (name: string, path: string, status: number, rest: Readonly<Record<string, string>>) => ({
      name,
      one: silent(post(path, status, () => ({ ...rest, email: known }))),
      other: silent(post(path, status, () => ({ ...rest, email: unknown() }))),
    });

    return [
      pair("sign-in with a wrong password", "/sign-in/email", 401, { password: "wrong horse battery staple" }),
      pair("request for a new password", "/request-password-reset", 200, {}),
      pair("request for a code to set one", "/email-otp/request-password-reset", 200, {}),
      pair("sign-up", "/sign-up/email", 200, { name: "Somebody", password }),
    ];
  }),
};
