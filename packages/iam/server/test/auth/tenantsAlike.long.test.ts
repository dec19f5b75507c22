/**
 * What belongs to another tenant is answered as what there is not. For every route of Better Auth's that takes something of
 * a tenant, found by what its schemas call their fields: the answer for another tenant's is compared with the answer for
 * what nobody has, and the answer for one's own shows that the request comes as far as looking.
 */
import { Auth } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import type * as Config from "effect/Config";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import * as Random from "effect/Random";
import * as Redacted from "effect/Redacted";
import { origin, right } from "../fuzz/requests.ts";
import { type JsonSchema, mounted, nameOf, type Route } from "../fuzz/routes.ts";
import { chanceOf } from "../fuzz/values.ts";
import { type Actor, type World, worlds } from "../fuzz/world.ts";
import { superuser } from "./atWrite.ts";
import { database, text } from "./browser.ts";
import { without } from "./control.ts";

/** What nobody has, by the names that fields have for what is a tenant's. */
const nobodys: Readonly<Record<string, () => string>> = {
  organizationId: SharedEntityIds.OrganizationId.create,
  organizationSlug: () => `nobody-${crypto.randomUUID()}`,
  teamId: SharedEntityIds.TeamId.create,
  memberId: IamEntityIds.MemberId.create,
  memberIdOrEmail: IamEntityIds.MemberId.create,
  invitationId: IamEntityIds.InvitationId.create,
  roleId: IamEntityIds.OrganizationRoleId.create,
  keyId: IamEntityIds.ApiKeyId.create,
  providerId: () => `nobody-${crypto.randomUUID()}`,
  userId: SharedEntityIds.UserId.create,
};

/** Fields of these names that hold nothing of a tenant, or what everybody may know. */
const open: Readonly<Record<string, string>> = {
  "POST /api/auth/organization/create": "who makes an organization is no tenant's",
  "POST /api/auth/sign-in/sso": "whose people sign in by a provider is told to whoever signs in",
  "GET /api/auth/sso/saml2/sp/metadata": "a service's metadata are for everybody",
  "POST /api/auth/sso/register": "names of providers are unique in the installation",
  "POST /api/auth/unlink-account": "an account is its user's",
  "POST /api/auth/refresh-token": "an account is its user's",
  "POST /api/auth/get-access-token": "an account is its user's",
  "GET /api/auth/account-info": "an account is its user's",
};

/** Invitations are for their addressees. */
const actorOf = ({ path }: Route): Actor => (/\/(accept|reject|get)-invitation$/.test(path) ? "guest" : "owner");

/** What a field is called by what it holds: `id` is an invitation's or a key's. */
const kindOf = ({ path }: Route, name: string): string =>
  name !== "id"
    ? name
    : path.startsWith("/api/auth/api-key/")
      ? "keyId"
      : path.endsWith("-invitation")
        ? "invitationId"
        : name;

type Field = readonly ["body" | "query", ...ReadonlyArray<string>];

const fieldsIn = (schema: JsonSchema | undefined, path: Field): ReadonlyArray<Field> =>
  schema === undefined
    ? []
    : [
        ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => [
          [...path, name] as const,
          ...fieldsIn(inner, [...path, name]),
        ]),
        ...[schema.anyOf, schema.oneOf, schema.allOf].flatMap((some = []) =>
          some.flatMap((one) => fieldsIn(one, path)),
        ),
      ];

interface Case {
  readonly route: Route;
  readonly field: Field;
  readonly kind: string;
}

/** Every field of a route that holds something of a tenant. */
const casesOf = (route: Route): ReadonlyArray<Case> => {
  const fields = [...fieldsIn(route.body, ["body"]), ...fieldsIn(route.query, ["query"])];
  // Of a choice, each has the fields that all of them have.
  const distinct = new Map(fields.map((field) => [field.join("."), field]));
  return [...distinct.values()].flatMap((field) => {
    const kind = kindOf(route, field.at(-1) ?? "");
    // Users are no tenant's, but an organization's routes say nothing of who is in another.
    const isTenants = kind in nobodys && (kind !== "userId" || isOfOrganizations(route));
    return isTenants ? [{ route, field, kind }] : [];
  });
};

const isOfOrganizations = ({ path }: Route): boolean => path.startsWith("/api/auth/organization/");

/** A world's thing of a kind. */
const thingOf = (world: World, kind: string): string =>
  kind === "keyId" ? text(world.values.id, 2) : text(world.values[kind], 0);

const set = (value: unknown, [name, ...rest]: ReadonlyArray<string>, to: unknown): unknown =>
  name === undefined ? to : { ...Object(value), [name]: set(Reflect.get(Object(value), name), rest, to) };

interface Told {
  readonly status: number;
  readonly headers: ReadonlyArray<readonly [string, string]>;
  readonly body: string;
}

/**
 * The request of a route that is right but for one field, and what is answered to it.
 *
 * @param thing what the field holds; without one it is left out
 */
const asked = Effect.fnUntraced(function* (world: World, { route, field }: Case, thing: string | undefined) {
  const { handler } = yield* Auth.Auth;
  const chance = yield* Effect.map(Random.Random, (random) => chanceOf(() => random.nextDoubleUnsafe())).pipe(
    Random.withSeed(nameOf(route)),
  );
  const { request } = right(route, actorOf(route), world, chance, 0);
  const url = new URL(request.path, origin);
  let body: unknown = typeof request.body === "string" ? JSON.parse(request.body) : undefined;
  const put = ([part, ...names]: Field, to: string | undefined) => {
    if (part === "body") body = set(body, names, to);
    else if (to !== undefined) url.searchParams.set(names.join("."), to);
    else url.searchParams.delete(names.join("."));
  };
  const part = route.method === "GET" ? "query" : "body";
  if (route.path.startsWith("/api/auth/api-key/")) put([part, "configId"], "organization");
  // Chance would name somebody else, too, and a role twice.
  if (isOfOrganizations(route) && Reflect.has(Object(body), "userId")) put([part, "userId"], thingOf(world, "userId"));
  if (isOfOrganizations(route) && Reflect.has(Object(body), "role")) put([part, "role"], "member");
  if (route.path.endsWith("/invite-member")) put(["body", "email"], "somebody@example.com");
  if (field.at(-1) === "roleId") put([part, "roleName"], undefined);
  if (route.path.endsWith("/update-role")) put(["body", "data", "roleName"], "writer");
  put(field, thing);
  const response = yield* handler(
    new Request(url, {
      method: route.method,
      headers: { ...request.headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  const answer = yield* Effect.promise(() => response.text());
  const told: Told = {
    status: response.status,
    headers: [...response.headers].toSorted(),
    body: thing === undefined ? answer : answer.replaceAll(thing, "…"),
  };
  return told;
});

/** A session is prolonged by its first request, whatever that asks for. */
const renewed = Effect.fnUntraced(function* (world: World, { route }: Case) {
  const { handler } = yield* Auth.Auth;
  const headers = { ...world.headers[actorOf(route)] };
  yield* handler(new Request(new URL("/api/auth/get-session", origin), { headers }));
});

/** Asks for another tenant's and for nobody's, and at last for one's own. */
const compared = Effect.fnUntraced(function* (newWorld: Effect.Effect<World>, one: Case) {
  const [world, another] = [yield* newWorld, yield* newWorld];
  yield* renewed(world, one);
  const theirs = yield* asked(world, one, thingOf(another, one.kind));
  const nobody = yield* asked(world, one, nobodys[one.kind]?.() ?? "");
  const own = yield* asked(world, one, thingOf(world, one.kind));
  return { name: `${nameOf(one.route)} ${one.field.join(".")}`, theirs, nobody, own };
});

/** Every route that takes something of a tenant, with each of its fields that does. */
const cases = Effect.map(mounted, (routes) => routes.filter((route) => !(nameOf(route) in open)).flatMap(casesOf));

const configured = Effect.provide(
  ConfigProvider.layer(ConfigProvider.fromUnknown({ IAM_BASE_URL: origin, IAM_SECRET: IamTest.secret })),
);

/** What is compared, by the services, or by others in their place. */
const comparisons = (others: Effect.Effect<Auth.Auth["Service"], Config.ConfigError, IamTest.Provided>) =>
  Effect.gen(function* () {
    const newWorld = Effect.promise(yield* worlds);
    const all = yield* cases;
    return yield* Effect.forEach(all, (one) => compared(newWorld, one)).pipe(
      Effect.provideServiceEffect(Auth.Auth, others),
    );
  }).pipe(configured);

const isTold = ({ theirs, nobody }: Effect.Success<ReturnType<typeof compared>>): boolean =>
  JSON.stringify(theirs) !== JSON.stringify(nobody);

layer(database, { excludeTestServices: true })("what is named", (it) => {
  it.effect(
    "TEN-6: what is another tenant's is answered as what nobody has, by every route that takes something of a tenant",
    () =>
      Effect.gen(function* () {
        const all = yield* comparisons(Auth.Auth);
        for (const { name, theirs, nobody } of all) assert.deepStrictEqual(theirs, nobody, name);
        const unlooked = all.filter(({ nobody, own }) => JSON.stringify(nobody) === JSON.stringify(own));
        assert.deepStrictEqual(
          unlooked.map(({ name }) => name),
          [],
          "Nothing is looked for.",
        );
        const routes = new Set(all.map(({ name }) => name.replace(/ [^ ]*$/, "")));
        yield* Effect.sync(() =>
          process.stdout.write(
            `TEN-6: ${all.length} fields of ${routes.size} routes compared; left out: ${Object.keys(open).length}\n`,
          ),
        );
      }),
    120_000,
  );
});

layer(database, { excludeTestServices: true })("what is active", (it) => {
  it.effect(
    "TEN-6: an active organization of others is answered as one that there is not",
    () =>
      Effect.gen(function* () {
        const sql = yield* superuser;
        const newWorld = Effect.promise(yield* worlds);
        // One's own teams need none.
        const needing = (yield* cases).filter(
          ({ route, field, kind }) =>
            kind === "organizationId" &&
            isOfOrganizations(route) &&
            !route.path.endsWith("/list-user-teams") &&
            !(field.length === 2 && route.body?.required?.includes(kind)),
        );
        assert.isAtLeast(needing.length, 20);
        for (const one of needing) {
          const [world, another] = [yield* newWorld, yield* newWorld];
          yield* renewed(world, one);
          const nobody = yield* asked(world, one, nobodys.organizationId?.());
          const [own, theirs] = [world, another].map((of) =>
            SharedEntityIds.OrganizationId.toUuid(thingOf(of, "organizationId")),
          );
          yield* sql`update iam_sessions set active_organization_id = ${theirs} where active_organization_id = ${own}`;
          assert.deepStrictEqual(yield* asked(world, one, undefined), nobody, nameOf(one.route));
        }
      }).pipe(configured),
    120_000,
  );
});

layer(database, { excludeTestServices: true })("where everybody is let in", (it) => {
  it.effect(
    "TEN-6: another tenant's would be told from what nobody has",
    () =>
      Effect.gen(function* () {
        const all = yield* comparisons(without("admission", { secret: Redacted.make(IamTest.secret) }));
        assert.isAtLeast(all.filter(isTold).length, all.length / 2);
      }),
    120_000,
  );
});
