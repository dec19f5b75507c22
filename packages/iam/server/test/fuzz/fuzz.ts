/**
 * Requests to every mounted route, each made from the route's schema with one thing changed; and what is demanded of the
 * answers. The same seed makes the same requests, but for the ids in them.
 */
import { createServer } from "node:http";
import { AuthErrorCode } from "@beep/iam-domain";
import { IamHttp } from "@beep/iam-server";
import type { IamTest } from "@beep/testing";
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import { assert } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Random from "effect/Random";
import * as Schema from "effect/Schema";
import { at } from "../auth/browser.ts";
import { type Answer, makeClient } from "./client.ts";
import { type Attempt, altered, lineOf, origin, right } from "./requests.ts";
import { mounted, nameOf, type Route } from "./routes.ts";
import { chanceOf } from "./values.ts";
import { type Actor, actors, secret, type World, worlds } from "./world.ts";

/** Routes that are never granted here, with the reason. */
const noProvider = "There is no identity provider but the password.";
const switchedOff = "It is switched off.";

const neverGranted: Readonly<Record<string, string>> = {
  "POST /api/auth/sign-in/social": noProvider,
  "POST /api/auth/link-social": noProvider,
  "POST /api/auth/refresh-token": noProvider,
  "POST /api/auth/get-access-token": noProvider,
  "GET /api/auth/account-info": noProvider,
  "POST /api/auth/change-email": switchedOff,
  "POST /api/auth/delete-user": switchedOff,
  "GET /api/auth/delete-user/callback": switchedOff,
  "POST /api/auth/two-factor/send-otp": switchedOff,
  "POST /api/auth/two-factor/verify-otp": switchedOff,
  "POST /api/auth/get-session": switchedOff,
  "GET /api/auth/reference": switchedOff,
  "POST /api/auth/update-session": "Sessions have no fields of an application's.",
  "POST /api/auth/unlink-account": "The only account of a user is not unlinked.",
};

/** A server on a port of this machine, as the command line starts it, and what it logs as unexpected. */
const served = Effect.gen(function* () {
  const services = yield* Effect.context<IamTest.Provided>();
  const failures: Array<string> = [];
  const log = Logger.map(Logger.formatLogFmt, (line) => {
    if (line.includes("failed unexpectedly")) failures.push(line);
  });
  const node = createServer();
  yield* Layer.build(
    HttpRouter.serve(Layer.mergeAll(IamHttp.layer, IamHttp.answering), {
      disableListenLog: true,
      disableLogger: true,
    }).pipe(
      Layer.provide(NodeHttpServer.layer(() => node, { host: "127.0.0.1", port: 0 })),
      Layer.provide(Layer.succeedContext(services)),
      Layer.provideMerge(Logger.layer([log])),
    ),
  );
  const address = node.address();
  const client = makeClient(typeof address === "object" && address !== null ? address.port : 0);
  yield* Effect.addFinalizer(() => Effect.sync(client.close));
  return { send: client.send, failures };
});

const ZT = new Map<string, number>();
const isKnown = Schema.is(AuthErrorCode);

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What is wrong with an answer, if anything is. */
const fault = ({ request }: Attempt, { status, type, body }: Answer): string | undefined => {
  if (status >= 500) return `status ${status}`;
  if (status < 400) return undefined;
  // What is no HTTP, or too long for the server's memory of headers, is answered before anything else is asked.
  if (body === "" && (status === 431 || status === 400) && type === "") return undefined;
  if (type !== "application/problem+json") return `${status} with media type "${type}"`;
  if (request.method === "HEAD") return undefined;
  const code = at(parsed(body), "code");
  return isKnown(code) ? undefined : `${status} with code ${JSON.stringify(code)}`;
};

interface Tried {
  readonly attempt: Attempt;
  readonly answer: Answer | undefined;
}

const isGranted = ({ attempt, answer }: Tried): boolean =>
  attempt.change === "nothing" && answer !== undefined && answer.status >= 200 && answer.status < 400;

/** How many requests a world lasts: what some of them end is missing for others. */
const WEAR = 50;

/** How many requests are under way at once. */
const WORKERS = 12;

/** How often every actor tries what nobody has been granted yet. */
const ROUNDS = 40;

/**
 * Sends the requests, prints what came of them, and fails the test when an answer is not as it should be, or a route was
 * not reached.
 */
export const fuzz = Effect.fn("fuzz")(function* ({ seed, requests }: { readonly seed: string; readonly requests: number }) {
  const { send, failures } = yield* served;
  const mw = yield* worlds;
  const makeWorld = Effect.promise(async () => { const t = Date.now(); try { return await mw(); } finally { ZT.set("WORLD", (ZT.get("WORLD") ?? 0) + Date.now() - t); ZT.set("WORLDS", (ZT.get("WORLDS") ?? 0) + 1) } });
  const routes = yield* mounted;
  const all: Array<Tried> = [];

  const send_ = Effect.fnUntraced(function* (attempt: Attempt) {
    const zt = Date.now();
    const answer = yield* Effect.promise(() => send(attempt.request).catch((error) => ({ status: 599, type: "", body: String(error) })));
    const zk = nameOf(attempt.route); ZT.set(zk, (ZT.get(zk) ?? 0) + Date.now() - zt);
    if (Date.now() - zt > 3000) process.stderr.write(`SLOW ${Date.now() - zt} ${lineOf(attempt)}\n`);
    const tried = { attempt, answer };
    all.push(tried);
    return tried;
  });

  const chance = (of: string) =>
    Effect.map(Random.Random, (random) => chanceOf(() => random.nextDoubleUnsafe())).pipe(Random.withSeed(`${seed} ${of}`));

  /** Finds by whom a route is granted something that is right. */
  const granted = Effect.fnUntraced(function* (route: Route) {
    const seeded = yield* chance(nameOf(route));
    const world = yield* makeWorld;
    const rounds = nameOf(route) in neverGranted ? 1 : ROUNDS;
    for (let round = 0; round < rounds; round++) {
      for (const actor of actors) {
        const tried = yield* send_(right(route, actor, world, seeded, seeded.choose([0, 0.1, 0.3])));
        if (isGranted(tried)) return [route, actor] as const;
      }
    }
    return [route, "owner"] as const;
  });
  const best = new Map<Route, Actor>(yield* Effect.forEach(routes, granted, { concurrency: WORKERS }));

  process.stderr.write(`BASE ${all.length} ${performance.now()}\n`);
  const working = Effect.fnUntraced(function* (worker: number) {
    let world: World = yield* makeWorld;
    for (let i = worker, sent = 1; i < requests; i += WORKERS, sent++) {
      if (sent % WEAR === 0) world = yield* makeWorld;
      const route = routes[i % routes.length];
      if (route === undefined) return;
      yield* send_(altered(route, best.get(route) ?? "owner", world, yield* chance(String(i))));
    }
  });
  yield* Effect.forEach(Array.from({ length: WORKERS }, (_, i) => i), working, { concurrency: WORKERS, discard: true });

  process.stderr.write(JSON.stringify([...ZT].sort((a, b) => b[1] - a[1]).slice(0, 25)) + "\n");
  const reached = new Set(all.flatMap(({ attempt, answer }) => (answer === undefined ? [] : [attempt.route])));
  const grantedTo = new Set(all.filter(isGranted).map(({ attempt }) => attempt.route));
  const refused = routes.filter((route) => !grantedTo.has(route)).map(nameOf);
  const statuses = Object.entries(Object.groupBy(all, ({ answer }) => answer?.status ?? "cut off"));
  const share = (100 * reached.size) / routes.length;
  yield* Effect.sync(() =>
    process.stdout.write(
      [
        `FUZZ_SEED=${seed}: ${all.length} requests`,
        `routes ${reached.size} of ${routes.length} (${share} %), of which ${grantedTo.size} were answered 2xx or 3xx at least once`,
        ...refused.map((name) => `  never granted: ${name} (${neverGranted[name] ?? "no reason is known"})`),
        `statuses: ${statuses.map(([status, of]) => `${status}: ${of?.length}`).join(", ")}`,
        "",
      ].join("\n"),
    ),
  );

  const faults = all.flatMap(({ attempt, answer }) => {
    const what = answer && fault(attempt, answer);
    return what === undefined ? [] : [{ what, line: `${what}\n${lineOf(attempt)}\n  ${answer?.body.slice(0, 300)}` }];
  });
  if (process.env["FUZZ_OUT"]) {
    (yield* Effect.promise(() => import("node:fs"))).writeFileSync(process.env["FUZZ_OUT"], faults.map((f) => f.line).join("\n\n") + "\n\n" + failures.join("\n")
     + "\n" + refused.map((n) => n + " " + JSON.stringify(all.filter((t) => nameOf(t.attempt.route) === n).map((t) => t.answer?.status + " " + at(parsed(t.answer?.body ?? ""), "code")).reduce((m: any, c) => ({...m, [c]: (m[c] ?? 0) + 1}), {}))).join("\n"));
  }
  assert.strictEqual(faults.length + failures.length, 0, [...faults.slice(0, 20).map(({ line }) => line), ...failures.slice(0, 10)].join("\n\n"));
  assert.deepStrictEqual(routes.filter((route) => !reached.has(route)).map(nameOf), []);
  assert.deepStrictEqual(refused.toSorted(), Object.keys(neverGranted).toSorted());
}, Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ IAM_BASE_URL: origin, IAM_SECRET: secret }))));
