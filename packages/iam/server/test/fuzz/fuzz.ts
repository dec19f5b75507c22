/**
 * Requests to every mounted route, each made from the route's schema with one thing changed; and what is demanded of the
 * answers. The same seed makes the same requests, but for the ids in them.
 */
import { createServer } from "node:http";
import { AuthErrorCode } from "@beep/iam-domain";
import { errorFamilies, IamHttp } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
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
import { type Attempt, altered, lineOf, NOTHING, origin, right } from "./requests.ts";
import { mounted, nameOf, type Route } from "./routes.ts";
import { chanceOf } from "./values.ts";
import { actors, worlds } from "./world.ts";

const noProvider = "There is no social provider.";
const switchedOff = "It is switched off.";
const confirmed = "A client's signed token asks for it, or a page of its own that a browser was shown.";

/** Routes that are never granted here, with the reason. */
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
  "POST /api/auth/email-otp/request-email-change": switchedOff,
  "POST /api/auth/email-otp/change-email": switchedOff,
  "GET /api/auth/sso/saml2/sp/slo/:providerId": switchedOff,
  "POST /api/auth/sso/saml2/sp/slo/:providerId": switchedOff,
  "POST /api/auth/sso/saml2/logout/:providerId": switchedOff,
  "POST /api/auth/sso/verify-domain": "No name server has the record.",
  "POST /api/auth/update-session": "Sessions have no fields of an application's.",
  "POST /api/auth/oauth2/register": switchedOff,
  "GET /api/auth/oauth2/end-session": confirmed,
  "POST /api/auth/oauth2/end-session": confirmed,
  "POST /api/auth/oauth2/end-session/confirm": confirmed,
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
      // Before the services, which have the test's own logger.
      Layer.provide(Logger.layer([log])),
      Layer.provide(NodeHttpServer.layer(() => node, { host: "127.0.0.1", port: 0 })),
      Layer.provide(Layer.succeedContext(services)),
    ),
  );
  const address = node.address();
  const client = makeClient(typeof address === "object" && address !== null ? address.port : 0);
  yield* Effect.addFinalizer(() => Effect.sync(client.close));
  return { send: client.send, failures };
});

const isAuthErrorCode = Schema.is(AuthErrorCode);

/** Whether a code is one of Better Auth's and of what stands beside it, or is explained as one of answers with this status. */
const isKnown = (code: unknown, status: number): boolean =>
  isAuthErrorCode(code) ||
  (typeof code === "string" && errorFamilies.some(({ codes }) => codes[code]?.statuses.includes(status) === true));

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** What is wrong with an answer, if anything is. */
const faultOf = ({ request }: Attempt, { status, type, body }: Answer): string | undefined => {
  if (status >= 500) return `The status is ${status}`;
  if (status < 400) return undefined;
  // What is no HTTP is answered by Node itself, before anything of ours is asked.
  if (request.headers["content-length"] !== undefined && type === "") return undefined;
  if (request.method === "HEAD") return undefined;
  // Of SCIM, which has a form of its own.
  if (type === "application/scim+json" && at(parsed(body), "status") === String(status)) return undefined;
  // OAuth's routes have the form of their own specification (RFC 6749, section 5.2; RFC 8628, section 3.5).
  if (type === "application/json") {
    const error = at(parsed(body), "error");
    return typeof error === "string" && /^[a-z_]+$/.test(error)
      ? undefined
      : `${status} has the error ${String(error)}`;
  }
  if (type !== "application/problem+json") return `${status} has the media type "${type}"`;
  const code = at(parsed(body), "code");
  return isKnown(code, status) ? undefined : `${status} has the code ${JSON.stringify(code)}`;
};

/** A request that was sent; one that was cut off has no answer, and an answer that did not come is an error. */
interface Tried {
  readonly attempt: Attempt;
  readonly answer: Answer | undefined;
  readonly fault: string | undefined;
}

const isGranted = ({ attempt, answer }: Tried): boolean =>
  attempt.change === NOTHING && answer !== undefined && answer.status < 400;

/** Whether the actor is nobody to the server; a 403 may be for what was asked. */
const isForbidden = ({ answer }: Tried): boolean =>
  answer?.status === 401 && at(parsed(answer.body), "code") === "UNAUTHORIZED";

/** How many requests a world lasts: what some of them end is missing for others. */
const WEAR = 50;

/** How many requests are under way at once. */
const WORKERS = 12;

/** How often every actor tries what nobody has been granted yet. */
const ROUNDS = 40;

interface Options {
  readonly seed: string;
  readonly requests: number;
  readonly sought?: number;
}

/** What is printed at the end. */
const summary = (seed: string, routes: ReadonlyArray<Route>, chosen: ReadonlySet<Route>, all: ReadonlyArray<Tried>) => {
  const reached = new Set(all.flatMap(({ attempt, answer }) => (answer === undefined ? [] : [attempt.route])));
  const granted = new Set(all.filter(isGranted).map(({ attempt }) => attempt.route));
  const refused = [...chosen].filter((route) => !granted.has(route)).map(nameOf);
  const statuses = Object.entries(Object.groupBy(all, ({ answer }) => answer?.status ?? "cut off"));
  const share = Math.floor((100 * reached.size) / routes.length);
  const lines = [
    `FUZZ_SEED=${seed}: ${all.length} requests`,
    `routes ${reached.size} of ${routes.length} (${share} %), of which ${granted.size} were answered 2xx or 3xx at least once; sought ${chosen.size}`,
    ...refused.map((name) => `never granted: ${name}. ${neverGranted[name] ?? "No reason is known."}`),
    `statuses ${statuses.map(([status, of]) => `${status}: ${of?.length}`).join(", ")}`,
  ];
  return { missed: routes.filter((route) => !reached.has(route)).map(nameOf), refused, text: lines.join("\n") };
};

/**
 * Sends the requests, prints what came of them, and fails the test when an answer is not as it should be, or a route was
 * not reached. First everything, or what chance chooses of it, is asked for without a fault, so that it is known by whom.
 *
 * @param sought of how many routes it is found out by whom they are granted; all of them where nothing is said
 */
export const fuzz = Effect.fn("fuzz")(
  function* ({ seed, requests, sought = Number.POSITIVE_INFINITY }: Options) {
    const { send, failures } = yield* served;
    const newWorld = Effect.promise(yield* worlds);
    const routes = yield* mounted;
    const all: Array<Tried> = [];

    const attempted = Effect.fnUntraced(function* (attempt: Attempt) {
      const tried = yield* Effect.tryPromise(() => send(attempt.request)).pipe(
        Effect.match({
          onFailure: ({ cause }) => ({ attempt, answer: undefined, fault: `There was no answer: ${cause}` }),
          onSuccess: (answer) => ({ attempt, answer, fault: answer && faultOf(attempt, answer) }),
        }),
      );
      all.push(tried);
      return tried;
    });

    // Each request has its own, so that it does not hang on which was sent before it.
    const chanceFor = (what: string) =>
      Effect.map(Random.Random, (random) => chanceOf(() => random.nextDoubleUnsafe())).pipe(
        Random.withSeed(`${seed} ${what}`),
      );

    /** Finds by whom a route is granted what is right. */
    const grantedTo = Effect.fnUntraced(function* (route: Route) {
      const chance = yield* chanceFor(nameOf(route));
      const world = yield* newWorld;
      const rounds = nameOf(route) in neverGranted ? 1 : ROUNDS;
      const trying = new Set(actors);
      for (let round = 0; round < rounds; round++) {
        for (const actor of trying) {
          const tried = yield* attempted(right(route, actor, world, chance, chance.choose([0, 0.1, 0.3])));
          if (isGranted(tried)) return [route, actor] as const;
          if (isForbidden(tried)) trying.delete(actor);
        }
      }
      return [route, actors[0]] as const;
    });
    const chosen = new Set((yield* Random.shuffle(routes).pipe(Random.withSeed(seed))).slice(0, sought));
    const fitting = yield* Effect.forEach(
      routes,
      (route) => (chosen.has(route) ? grantedTo(route) : Effect.succeed([route, actors[0]] as const)),
      { concurrency: WORKERS },
    );

    const work = Effect.fnUntraced(function* (worker: number) {
      let world = yield* newWorld;
      for (let i = worker, sent = 1; i < requests; i += WORKERS, sent++) {
        if (sent % WEAR === 0) world = yield* newWorld;
        const [route, actor] = fitting[i % fitting.length] ?? (yield* Effect.die("There are no routes."));
        yield* attempted(altered(route, actor, world, yield* chanceFor(String(i))));
      }
    });
    yield* Effect.forEach(
      Array.from({ length: WORKERS }, (_, i) => i),
      work,
      { concurrency: WORKERS, discard: true },
    );

    const { missed, refused, text } = summary(seed, routes, chosen, all);
    yield* Effect.sync(() => process.stdout.write(`${text}\n`));

    const faults = all.flatMap(({ attempt, answer, fault }) =>
      fault === undefined ? [] : [`${fault}: ${lineOf(attempt)}\n  ${answer?.body.slice(0, 300)}`],
    );
    const found = [...faults, ...failures];
    assert.lengthOf(found, 0, found.slice(0, 20).join("\n\n"));
    assert.deepStrictEqual(missed, []);
    assert.sameMembers(
      refused,
      Object.keys(neverGranted).filter((name) => [...chosen].some((route) => nameOf(route) === name)),
    );

    // And all of it has left the server as it was.
    const last = yield* newWorld;
    for (const name of ["GET /health", "GET /ready", "POST /api/auth/sign-in/email"]) {
      const route = routes.find((one) => nameOf(one) === name) ?? (yield* Effect.die(`There is no ${name}.`));
      const { answer } = yield* attempted(right(route, "nobody", last, yield* chanceFor("at the end"), 0));
      assert.strictEqual(answer?.status, 200, name);
    }
    return all.length;
  },
  Effect.provide(
    ConfigProvider.layer(ConfigProvider.fromUnknown({ IAM_BASE_URL: origin, IAM_SECRET: IamTest.secret })),
  ),
);
