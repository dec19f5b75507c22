/** Requests that are right but for one thing. */
import { getColumns } from "drizzle-orm";
import { tables } from "../../src/auth/models.ts";
import { nameOf, type Route } from "./routes.ts";
import { type Chance, changed, fieldsOf, valueOf, wrong } from "./values.ts";
import { type Actor, actors, type World } from "./world.ts";

/** Where the server says that it is. */
export const origin = "http://localhost:3000";

/** A request as it goes over the wire. */
export interface Request {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Whether less comes than the headers say. */
  readonly isCut?: boolean;
}

/** A request, and what is known of it. */
export interface Attempt {
  readonly route: Route;
  readonly actor: Actor;
  /** What is wrong with it. */
  readonly change: string;
  readonly request: Request;
}

/** Part of an address; what has no form in UTF-8 has one here nevertheless. */
const encode = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.isWellFormed() ? encodeURIComponent(text) : "%ED%A0%80";
};

const queryOf = (values: unknown): string => {
  const pairs = Object.entries(Object(values)).flatMap(([key, value]) =>
    [value].flat().map((one) => `${encode(key)}=${encode(one)}`),
  );
  return pairs.length > 0 ? `?${pairs.join("&")}` : "";
};

/** With this and its cookies a request stays below what Node takes as headers, 16 KiB; above that, nothing of ours is asked. */
const MAX_PATH = 12_000;

interface Draft {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** What belongs together stands in the place of what chance has chosen; `undefined` leaves a field out. */
const over = (drawn: unknown, together: object | undefined): unknown =>
  together === undefined
    ? drawn
    : Object.fromEntries(Object.entries({ ...Object(drawn), ...together }).filter(([, value]) => value !== undefined));

const draftOf = (route: Route, world: World, chance: Chance, optional: number, isTogether: boolean): Draft => {
  const { params, query, body } = (isTogether ? world.together[nameOf(route)] : undefined) ?? {};
  const drawn = [...route.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => [
    name,
    valueOf({ type: "string" }, name, world, chance, 1),
  ]);
  return {
    params: over(Object.fromEntries(drawn), params),
    query: route.query && over(valueOf(route.query, "query", world, chance, optional), query),
    body: route.body && over(valueOf(route.body, "body", world, chance, optional), body),
  };
};

const FORM = "application/x-www-form-urlencoded";

const requestOf = (
  { method, path, isForm }: Route,
  { params, query, body }: Draft,
  known: Readonly<Record<string, string>>,
): Request => {
  const given = new Map(Object.entries(Object(params)));
  return {
    method,
    path: (path.replaceAll(/:(\w+)/g, (_, name: string) => encode(given.get(name))) + queryOf(query)).slice(
      0,
      MAX_PATH,
    ),
    headers: {
      origin,
      ...known,
      ...(body === undefined ? {} : { "content-type": isForm ? FORM : "application/json" }),
    },
    body: body === undefined ? undefined : isForm ? queryOf(body).slice(1) : JSON.stringify(body),
  };
};

const latin1 = (text: string) => Buffer.from(text, "latin1");
const withHeaders = (request: Request, headers: Record<string, string>): Request => ({
  ...request,
  headers: { ...request.headers, ...headers },
});
const withBody = (request: Request, body: string | Uint8Array, type = "application/json"): Request => ({
  ...withHeaders(request, { "content-type": type }),
  body,
});
const without = (request: Request, header: string): Request => ({
  ...request,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== header)),
});
const form = ({ body, headers }: Request): string =>
  typeof body !== "string" ? "" : headers["content-type"] === FORM ? body : queryOf(JSON.parse(body)).slice(1);
const joined = (path: string, more: string): string => path + (path.includes("?") ? "&" : "?") + more;
const session = (request: Request): string => request.headers.cookie ?? "better-auth.session_token=a.b";

type Change = (request: Request) => Request;

const bodies: Readonly<Record<string, Change>> = {
  "empty body": (request) => withBody(request, ""),
  "broken JSON": (request) => withBody(request, "{"),
  "half a body": (request) => withBody(request, `${request.body ?? "{}"}`.slice(0, -1)),
  "two bodies": (request) => withBody(request, `${request.body ?? "{}"}{}`),
  "null as body": (request) => withBody(request, "null"),
  "list as body": (request) => withBody(request, "[]"),
  "text as body": (request) => withBody(request, '"text"'),
  "number as body": (request) => withBody(request, "1e999"),
  "true as body": (request) => withBody(request, "true"),
  "NaN as body": (request) => withBody(request, '{"email":NaN}'),
  "no UTF-8": (request) => withBody(request, latin1('{"email":"\xff\xfe","name":"\xc0\x80"}')),
  "byte order mark": (request) => withBody(request, `\ufeff${request.body ?? "{}"}`),
  "UTF-16": (request) =>
    withBody(request, Buffer.from(`${request.body ?? "{}"}`, "utf16le"), "application/json; charset=utf-16"),
  "names twice": (request) => withBody(request, '{"email":"a@example.com","email":1,"__proto__":{},"__proto__":1}'),
  "name of the prototype": (request) => withBody(request, '{"__proto__":{"isAdmin":true}}'),
  "deep body": (request) => withBody(request, "[".repeat(100_000)),
  "deep and whole body": (request) => withBody(request, "[".repeat(5_000) + "]".repeat(5_000)),
  "large body": (request) => withBody(request, JSON.stringify({ name: "x".repeat(1_200_000) })),
  "many names": (request) =>
    withBody(request, JSON.stringify(Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`n${i}`, i])))),
  form: (request) => withBody(request, form(request), FORM),
  "form of another kind": (request) =>
    withBody(request, "a=%zz&b=%ff&__proto__=1&email[]=1&client_id=a&client_id=b", FORM),
  multipart: (request) =>
    withBody(
      request,
      '--b\r\ncontent-disposition: form-data; name="email"\r\n\r\na\r\n--b--\r\n',
      "multipart/form-data; boundary=b",
    ),
  "broken multipart": (request) => withBody(request, "--c", "multipart/form-data; boundary=b"),
  "multipart without a boundary": (request) => withBody(request, "--b", "multipart/form-data"),
  "plain text": (request) => withBody(request, `${request.body ?? "{}"}`, "text/plain"),
  image: (request) => withBody(request, latin1("\x89PNG"), "image/png"),
  "unknown media type": (request) => withBody(request, `${request.body ?? "{}"}`, "application/x-unknown"),
  "malformed media type": (request) => withBody(request, `${request.body ?? "{}"}`, ";;=/"),
  "media type in capitals": (request) =>
    withBody(request, `${request.body ?? "{}"}`, "APPLICATION/JSON; CHARSET=UTF-8"),
  "another JSON": (request) => withBody(request, `${request.body ?? "{}"}`, "application/problem+json"),
  "no media type": (request) => ({ ...without(request, "content-type"), body: request.body ?? "{}" }),
  compressed: (request) => withHeaders(request, { "content-encoding": "gzip" }),
  "body in pieces": (request) => withHeaders(request, { "transfer-encoding": "chunked" }),
  "body longer than it says": (request) =>
    withHeaders({ ...request, body: request.body ?? "{}" }, { "content-length": "1" }),
  "body cut off": (request) => ({ ...withBody(request, request.body ?? "{}"), isCut: true }),
};

const addresses: Readonly<Record<string, Change>> = Object.fromEntries(
  [
    "%zz=1",
    "%",
    "a=%ff",
    "a=%00",
    "__proto__=1",
    "__proto__[a]=1",
    "constructor=1",
    "a[b][c]=1",
    "&&&=",
    "?",
    "token=a&token=b",
    "callbackURL=/a&callbackURL=https://evil.example",
    "callbackURL=%2F%2Fevil.example",
    "callbackURL=%E0%A4%A",
    "organizationId=a&organizationId=b",
    "id=a&id=b",
    "limit=-1&offset=-1",
    "limit=1&limit=2",
    "limit=99999999999999999999",
    "sortBy=__proto__",
    "sortBy=password",
    "filterField=password&filterValue=a",
    "error=%3Cscript%3E",
    "disableCookieCache=maybe&disableRefresh=[]",
    `a=${"x".repeat(12_000)}`,
    Array.from({ length: 1_000 }, (_, i) => `n${i}=1`).join("&"),
  ].map((more): [string, Change] => [
    `query ${more.slice(0, 40)}`,
    (request) => ({ ...request, path: joined(request.path, more) }),
  ]),
);

const onPath =
  (to: (path: string) => string): Change =>
  (request) => {
    const [path = "", ...query] = request.path.split("?");
    return { ...request, path: [to(path), ...query].join("?") };
  };

const paths: Readonly<Record<string, Change>> = {
  "slash at the end": onPath((path) => `${path}/`),
  "slashes in the middle": onPath((path) => path.replaceAll("/", "//")),
  "way up": onPath((path) => `${path}/../../..`),
  "encoded way up": onPath((path) => `${path}/%2e%2e/%2e%2e%2f`),
  "NUL in the path": onPath((path) => `${path}%00`),
  "malformed encoding in the path": onPath((path) => `${path}%zz`),
  "no UTF-8 in the path": onPath((path) => `${path}/%ff%fe`),
  "malformed last part": onPath((path) => path.replace(/[^/]*$/, "%E0%A4%A")),
  "parameters in the path": onPath((path) => `${path};a=b`),
  "encoded letter": onPath((path) => path.replace(/a/, "%61")),
  capitals: onPath((path) => path.toUpperCase()),
  "one part more": onPath((path) => `${path}/more`),
  "long part": onPath((path) => `${path}/${"x".repeat(6_000)}`),
  "one part less": onPath((path) => path.replace(/\/[^/]*$/, "") || "/"),
  backslashes: onPath((path) => path.replaceAll("/", "\\").replace("\\", "/")),
  "another's address": onPath((path) => `http://evil.example${path}`),
  "two slashes first": onPath((path) => `//evil.example${path}`),
  "user in the address": onPath((path) => `/@evil.example:99999${path}`),
};

const cookies: Readonly<Record<string, Change>> = Object.fromEntries(
  Object.entries({
    "wrong signature": (cookie: string) => cookie.replace(/.{6}$/, "AAAA%3D"),
    "no signature": (cookie: string) => cookie.replace(/\..*$/, ""),
    "signature only": () => "better-auth.session_token=.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D",
    "short signature": () => "better-auth.session_token=abc.def",
    "malformed encoding": () => "better-auth.session_token=%E0%A4%A.%zz",
    "encoded NUL": () => "better-auth.session_token=%00.%00",
    "no UTF-8": () => "better-auth.session_token=\xff\xfe.\xc0",
    "no value": () => "better-auth.session_token=",
    "no name": () => "=;=;;;",
    "no cookie": () => "nothing",
    quoted: (cookie: string) => cookie.replace(/=(.*)$/, '="$1"'),
    twice: (cookie: string) => `${cookie}; better-auth.session_token=a.b`,
    "twice, the wrong one first": (cookie: string) => `better-auth.session_token=a.b; ${cookie}`,
    large: (cookie: string) => `${cookie}; x=${"y".repeat(12_000)}`,
    many: (cookie: string) => `${cookie}; ${Array.from({ length: 500 }, (_, i) => `c${i}=${i}`).join("; ")}`,
    "of the prototype": (cookie: string) => `${cookie}; __proto__=1; constructor=1; toString=1`,
    "the first alone": (cookie: string) => cookie.replace(/;.*/, ""),
    "in another's place": (cookie: string) =>
      cookie.replace(/session_token=([^;]*)/, "session_token=$1; better-auth.admin_session=$1"),
    "in the second factor's place": (cookie: string) => cookie.replace("session_token", "two_factor"),
    "wrong cache": (cookie: string) => `better-auth.session_data=e30.e30; better-auth.account_data=x; ${cookie}`,
    "no cache": (cookie: string) => `better-auth.session_data=%7B%22session%22%3A1%7D; ${cookie}`,
    "wrong second factor": (cookie: string) => `better-auth.two_factor=a.b; better-auth.trust_device=a.b!c; ${cookie}`,
    "wrong administrator": (cookie: string) => `better-auth.admin_session=a:b:c.d; ${cookie}`,
    "wrong state": (cookie: string) => `better-auth.state=%; better-auth.oauth_state={}; ${cookie}`,
    "wrong memory": (cookie: string) => `better-auth.dont_remember=maybe; ${cookie}`,
    "secure prefix": (cookie: string) => cookie.replaceAll("better-auth", "__Secure-better-auth"),
  }).map(([name, to]): [string, Change] => [
    `cookie: ${name}`,
    (request) => withHeaders(request, { cookie: to(session(request)) }),
  ]),
);

const headers: Readonly<Record<string, Change>> = Object.fromEntries(
  [
    ["authorization", ""],
    ["authorization", "Bearer"],
    ["authorization", "Bearer a.b.c"],
    ["authorization", `Bearer ${"x".repeat(10_000)}`],
    ["authorization", "Basic %%%"],
    ["authorization", "Bearer \xff"],
    ["x-api-key", ""],
    ["x-api-key", "nonsense"],
    ["x-api-key", "x".repeat(10_000)],
    ["x-api-key", "\xff\xfe"],
    ["origin", ""],
    ["origin", "null"],
    ["origin", "http://"],
    ["origin", "::"],
    ["origin", "http://[::1"],
    ["origin", "https://evil.example"],
    ["origin", "\xff"],
    ["referer", "nonsense"],
    ["referer", "http://localhost:3000/%zz"],
    ["host", ""],
    ["host", "evil.example"],
    ["host", "a b["],
    ["host", "[::1"],
    ["x-forwarded-host", "evil.example"],
    ["x-forwarded-host", "a,b;[["],
    ["x-forwarded-proto", "javascript"],
    ["x-forwarded-for", "999.999.999.999, \xff"],
    ["x-forwarded-for", "x".repeat(5_000)],
    ["forwarded", 'for=;;="['],
    ["x-real-ip", "' or 1=1 --"],
    ["x-iam-client-address", "nonsense"],
    ["accept", "\xff/;q=9"],
    ["accept", "text/html"],
    ["accept-language", "x".repeat(5_000)],
    ["user-agent", ""],
    ["user-agent", "\xff\x80"],
    ["user-agent", "x".repeat(9_000)],
    ["range", "bytes=9-1"],
    ["if-none-match", '"'],
    ["if-modified-since", "never"],
    ["sec-fetch-site", "cross-site"],
    ["sec-fetch-mode", "navigate"],
    ["access-control-request-method", "\xff"],
    ["access-control-request-headers", ",,,"],
    ["x-http-method-override", "DELETE"],
    ["traceparent", "00-00-00-00"],
    ["traceparent", "x".repeat(1_000)],
    ["tracestate", "=,="],
    ["b3", "nonsense"],
    ["te", "trailers"],
    ["constructor", "1"],
    ["__proto__", "1"],
  ].map(([name = "", value = ""]): [string, Change] => [
    `${name}: ${value.slice(0, 40)}`,
    (request) => withHeaders(request, { [name]: value }),
  ]),
);

const origins: Readonly<Record<string, Change>> = {
  "no origin": (request) => without(request, "origin"),
  "origin null from the same site": (request) =>
    withHeaders(request, { origin: "null", "sec-fetch-site": "same-origin" }),
};

const methods: Readonly<Record<string, Change>> = Object.fromEntries(
  ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"].map(
    (method): [string, Change] => [method, (request) => ({ ...request, method })],
  ),
);

/** The columns of what an open record may reach; a schema's fields are not all that a body can name. */
const columns = [
  "id",
  ...[tables.user, tables.session, tables.organization].flatMap((table) => Object.keys(getColumns(table))),
] as const;

const kinds = [bodies, addresses, paths, cookies, headers, origins, methods].map((kind) => Object.entries(kind));

/** What is wrong with a request that is right. */
export const NOTHING = "nothing";

/**
 * A request of a route with nothing wrong.
 *
 * @param optional how probable a field is that may be left out
 */
export const right = (route: Route, actor: Actor, world: World, chance: Chance, optional: number): Attempt => ({
  route,
  actor,
  change: NOTHING,
  request: requestOf(route, draftOf(route, world, chance, optional, true), world.headers[actor]),
});

/** A request of a route with one thing wrong, most often a field's value. */
export const altered = (route: Route, best: Actor, world: World, chance: Chance): Attempt => {
  const actor = chance.is(0.6) ? best : chance.choose(actors);
  const draft = draftOf(route, world, chance, chance.choose([0, 0.3, 0.7]), chance.is(0.7));
  const known = world.headers[actor];
  // The fields, and what has fields.
  const found = chance.any(
    fieldsOf(draft).filter(([part, name]) => (part === "params" ? name : part === "body" ? route.body : route.query)),
  );
  const [way, to] = chance.any(wrong) ?? [NOTHING, (value: unknown) => value];
  if (found !== undefined && chance.is(0.65)) {
    const [part = "body", ...names] = found;
    // Sometimes a column's name, beside the fields that the schema has.
    const isAdded = names.length === 0 || chance.is(0.15);
    const field = isAdded ? [part, ...names.slice(0, -1), chance.choose(columns)] : found;
    const values = { ...draft, ...Object(changed(draft, field, to)) };
    return { route, actor, change: `${field.join(".")}: ${way}`, request: requestOf(route, values, known) };
  }
  const [change, by] = chance.any(chance.any(kinds) ?? []) ?? [NOTHING, (request: Request) => request];
  return { route, actor, change, request: by(requestOf(route, draft, known)) };
};

/** A request as a line by which it can be repeated. */
export const lineOf = ({ route, actor, change, request }: Attempt): string => {
  const body = typeof request.body === "string" ? request.body : Buffer.from(request.body ?? []).toString("latin1");
  const shortened = (text: string) => (text.length > 600 ? `${text.slice(0, 600)}… (${text.length})` : text);
  return [
    `${route.method} ${route.path} as ${actor}, ${change}:`,
    `  ${request.method} ${shortened(request.path)}`,
    `  ${shortened(JSON.stringify(request.headers))}`,
    `  ${shortened(body)}`,
  ].join("\n");
};
