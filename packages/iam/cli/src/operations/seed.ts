/** `iam seed` */
import { createHmac } from "node:crypto";
import { Errors } from "@beep/iam-domain";
import { Auth, IamDb, Operator, Tenancy, Transaction } from "@beep/iam-server";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { curl } from "../curl.ts";
import * as Bar from "../demo/bar.ts";
import { DEMO_ADDRESSES, type Member, plan, type Size, type Tenant } from "../demo/plan.ts";
import type { Operation } from "../explain.ts";
import { operating } from "../operating.ts";
import * as Output from "../output.ts";
import { Refused } from "../Refused.ts";

/** As many as the connections that an installation has, unless it is told otherwise. */
const AT_ONCE = 8;

/** What another run has made, or makes at the same time. */
const thereAlready: ReadonlySet<string> = new Set([
  "ALREADY_EXISTS",
  "ORGANIZATION_ALREADY_EXISTS",
  "USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL",
]);

/** Makes something, or finds what is there already. */
const orFound =
  <B, E2, R2>(found: Effect.Effect<B, E2, R2>) =>
  <A, E, R>(make: Effect.Effect<A, E | Errors.AuthError, R>) =>
    Effect.catchIf(
      make,
      (error) => error instanceof Errors.AuthError && thereAlready.has(error.code),
      () => found,
    );

/**
 * The password of every owner: the same in every run here, so that it can always be told, and of use nowhere else,
 * because it comes from the installation's secret.
 */
const passwordFor = (seed: number) =>
  Effect.map(Auth.keys.secret, (secret) =>
    createHmac("sha256", Redacted.value(secret)).update(`iam seed ${seed}`).digest("base64url").slice(0, 24),
  );

const confirmed = { emailVerified: true };

/** Makes an organization with its owner and teams, and tells who and what is in it. */
const ensureTenant = Effect.fnUntraced(function* ({ name, slug, owner, teams }: Tenant, password: string) {
  const { api } = yield* Auth.Auth;
  const { db } = yield* IamDb.IamDb;
  const operator = yield* Operator.Operator;
  const { isNew, userId } = yield* api.createUser({ body: { ...owner, password, data: confirmed } }).pipe(
    Effect.map(({ user }) => ({ isNew: true, userId: user.id })),
    orFound(Effect.map(operator.user(owner.email), (user) => ({ isNew: false, userId: user.id }))),
  );
  const id = yield* Effect.gen(function* () {
    const organization = yield* api.createOrganization({ body: { name, slug, userId } });
    for (const team of teams) yield* api.createTeam({ body: { name: team, organizationId: organization.id } });
    return organization.id;
  }).pipe(Transaction.run, orFound(Effect.map(operator.organization(slug), (found) => found.id)));
  return yield* Effect.all({
    id: Effect.succeed(id),
    isNew: Effect.succeed(isNew),
    teams: Effect.map(
      db.query.team.findMany({ columns: { id: true, name: true } }),
      (rows) => new Map(rows.map((team) => [team.name, team.id])),
    ),
    emails: Effect.map(
      db.query.user.findMany({ columns: { email: true } }),
      (rows) => new Set(rows.map(({ email }) => email)),
    ),
  }).pipe(Tenancy.within(id));
});

type Existing = Effect.Success<ReturnType<typeof ensureTenant>>;

/** Makes a user who belongs to an organization: both, or nothing. Whether somebody was made is what it gives. */
const ensureMember = Effect.fnUntraced(
  function* ({ name, email, role, team }: Member, existing: Existing) {
    const { api } = yield* Auth.Auth;
    const { user } = yield* api.createUser({ body: { name, email, data: confirmed } });
    const teamId = team === undefined ? undefined : existing.teams.get(team);
    yield* api.addMember({
      body: { userId: user.id, role, organizationId: existing.id, ...(teamId !== undefined && { teamId }) },
    });
    return true;
  },
  Transaction.run,
  orFound(Effect.succeed(false)),
);

const demandDemo = Effect.gen(function* () {
  const strangers = yield* Effect.flatMap(Operator.Operator, (operator) => operator.countUsersUnlike(DEMO_ADDRESSES));
  if (strangers === 0) return;
  return yield* new Refused({
    code: "SEED_REFUSED",
    message: `The database has ${strangers === 1 ? "a user" : `${strangers} users`} that ${strangers === 1 ? "is" : "are"} not demo data.`,
    remedy: "Name another database, or say --force to mix them.",
  });
});

const number = (value: number): string => value.toLocaleString("en");

/** Makes what of the demo data is not there, and says how to sign in. */
export const seed = (input: Size & { readonly force: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      if (!input.force) yield* demandDemo;
      const { tenants, members } = yield* plan(input);
      const password = yield* passwordFor(input.seed);
      const existing = new Map<string, Existing>();
      let made = 0;
      const seconds = yield* Bar.shown(input.users, (advance) => {
        const count = (isNew: boolean) => {
          if (isNew) made++;
          return advance;
        };
        const makeTenant = Effect.fnUntraced(function* (tenant: Tenant) {
          const found = yield* ensureTenant(tenant, password);
          existing.set(tenant.slug, found);
          yield* count(found.isNew);
        });
        const makeMember = Effect.fnUntraced(function* (member: Member) {
          const tenant = existing.get(member.slug);
          if (tenant === undefined) return;
          yield* count(!tenant.emails.has(member.email) && (yield* ensureMember(member, tenant)));
        });
        const atOnce = { concurrency: AT_ONCE, discard: true };
        return Effect.andThen(Effect.forEach(tenants, makeTenant, atOnce), Effect.forEach(members, makeMember, atOnce));
      });
      const teams = tenants.reduce((sum, tenant) => sum + 1 + tenant.teams.length, 0);
      const baseUrl = yield* Auth.keys.baseUrl;
      const [first] = tenants;
      yield* Console.log(
        [
          made === 0
            ? "Nothing to make: all of it is there."
            : `Made ${number(made)} users in ${seconds.toFixed(1)} s (${number(Math.round(made / seconds))}/s).`,
          "",
          Output.fields([
            ["Seed", String(input.seed)],
            ["Organizations", `${number(tenants.length)} with ${number(teams)} teams`],
            ["Users", `${number(input.users)}, of whom the ${number(tenants.length)} owners have a password`],
            ["Password", password],
          ]),
          "",
          "Where `iam serve` runs, an owner signs in like this:",
          "",
          curl(baseUrl, "/sign-in/email", { email: first?.owner.email ?? "", password }),
        ].join("\n"),
      );
    }).pipe(Effect.catchTags({ SqlError: Effect.die, EffectDrizzleQueryError: Effect.die })),
  );
