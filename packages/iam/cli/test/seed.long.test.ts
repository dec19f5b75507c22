/** Demo data. */
import { connect, TestDatabase } from "@beep/testing";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Schedule from "effect/Schedule";
import { MOST_MEMBERS, plan } from "../src/demo/plan.ts";
import { Browser } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import { environmentOf } from "./support/operator.ts";
import * as Process from "./support/process.ts";

describe("a plan of demo data", () => {
  it.effect("SEED-1: is the same for the same seed, and goes on where one of fewer users ends", () =>
    Effect.gen(function* () {
      const size = { seed: 7, tenants: 5, users: 60 };
      const planned = yield* plan(size);
      assert.deepStrictEqual(yield* plan(size), planned);
      const more = yield* plan({ ...size, users: 500 });
      assert.deepStrictEqual(more.tenants, planned.tenants);
      assert.deepStrictEqual(more.members.slice(0, planned.members.length), planned.members);
      assert.notDeepEqual((yield* plan({ ...size, seed: 8 })).members, planned.members);

      // As many as there is room for.
      const emails = [...more.tenants.map(({ owner }) => owner.email), ...more.members.map(({ email }) => email)];
      assert.strictEqual(new Set(emails).size, 500);
      for (const { slug, teams } of more.tenants) {
        const members = more.members.filter((member) => member.slug === slug);
        assert.lengthOf(members, MOST_MEMBERS - 1);
        assert.strictEqual(new Set(teams).size, teams.length);
        for (const { team } of members) assert.isTrue(team === undefined || teams.includes(team));
      }
    }),
  );
});

/** Who there is, by what people know of them. */
const contents = Effect.fnUntraced(function* ({ adminUrl }: TestDatabase["Service"]) {
  const admin = yield* connect(adminUrl);
  const users = yield* admin`
    select u.email, u.name, u.role, u.email_verified, m.role as member, o.slug, o.name as organization,
      (select array_agg(t.name order by t.name) from iam_teams t where t.organization_id = o.id) as teams,
      (select array_agg(t.name order by t.name) from iam_team_members tm join iam_teams t on t.id = tm.team_id
        where tm.user_id = u.id) as in_teams,
      (select count(*)::int from iam_accounts a where a.user_id = u.id) as passwords
    from iam_users u left join iam_members m on m.user_id = u.id left join iam_organizations o on o.id = m.organization_id
    order by u.email`;
  const [row] = yield* admin<{ organizations: number }>`select count(*)::int as organizations from iam_organizations`;
  return { users, organizations: row?.organizations };
}, Effect.scoped);

const size = ["--tenants", "3", "--users", "40", "--seed", "3"];

const seed = Effect.fnUntraced(function* (database: TestDatabase["Service"], ...args: ReadonlyArray<string>) {
  const ended = yield* Iam.run(["seed", ...(args.length === 0 ? size : args)], {
    ...environmentOf(database, yield* Iam.folder),
  });
  assert.strictEqual(ended.code, 0, ended.stderr);
  return ended.stdout;
});

it.live(
  "SEED-1: the same seed gives the same in another database; twice is once; and an owner signs in",
  () =>
    Effect.gen(function* () {
      const one = yield* TestDatabase.make();
      const two = yield* TestDatabase.make();
      const [printed] = yield* Effect.all([seed(one), seed(two)], { concurrency: 2 });
      const made = yield* contents(one);
      assert.deepStrictEqual(yield* contents(two), made);
      assert.lengthOf(made.users, 40);
      assert.strictEqual(made.organizations, 3);
      assert.lengthOf(
        made.users.filter(({ passwords }) => passwords === 1),
        3,
      );
      assert.match(printed, /Made 40 users in .* s \(\d+\/s\)/);

      const again = yield* seed(one);
      assert.include(again, "Nothing to make");
      assert.strictEqual(passwordIn(again), passwordIn(printed));
      assert.deepStrictEqual(yield* contents(one), made);

      const server = yield* Iam.serve({
        ...environmentOf(one, yield* Iam.folder),
        IAM_RUN_MIGRATIONS: "false",
      });
      const owner = made.users.find(({ member }) => member === "owner");
      const body = { email: owner?.email, password: passwordIn(printed) };
      const signedIn = yield* Effect.promise(() => new Browser(server.url).post("/api/auth/sign-in/email", body));
      assert.strictEqual(signedIn.status, 200, signedIn.text);

      // In another installation it is another password.
      const elsewhere = yield* Iam.run(["seed", ...size], {
        ...environmentOf(two, yield* Iam.folder),
        IAM_SECRET: "another secret of the necessary length",
      });
      assert.notStrictEqual(passwordIn(elsewhere.stdout), passwordIn(printed));
    }).pipe(Effect.scoped),
  120_000,
);

const passwordIn = (printed: string): string => {
  const password = /Password +(\S+)/.exec(printed)?.[1];
  assert.match(password ?? "", /^[\w-]{24}$/);
  return password ?? "";
};

it.live(
  "SEED-1: a run that was killed goes on, and two at once make what one makes",
  () =>
    Effect.gen(function* () {
      const whole = yield* TestDatabase.make();
      const killed = yield* TestDatabase.make();
      const twice = yield* TestDatabase.make();
      yield* seed(whole);
      const expected = yield* contents(whole);

      const running = yield* Process.start(["seed", ...size], environmentOf(killed, yield* Iam.folder));
      const admin = yield* connect(killed.adminUrl);
      const users = Effect.map(
        admin<{ users: number }>`select count(*)::int as users from iam_users`,
        ([row]) => row?.users ?? 0,
      );
      // Not faster: what looks all the time keeps the other process from what it is to do.
      yield* users.pipe(Effect.repeat({ until: (count) => count > 5, schedule: Schedule.spaced("10 millis") }));
      running.process.kill("SIGKILL");
      yield* Effect.promise(() => running.ended);
      const left = yield* users;
      assert.isBelow(left, 40);
      assert.match(
        yield* seed(killed),
        new RegExp(`Made (${Array.from({ length: 40 - left + 1 }, (_, n) => n).join("|")}) users`),
      );
      assert.deepStrictEqual(yield* contents(killed), expected);

      // Two processes, which know nothing of each other.
      const one = Process.run(["seed", ...size], environmentOf(twice, yield* Iam.folder));
      for (const { code, stderr } of yield* Effect.all([one, one], { concurrency: 2 })) {
        assert.strictEqual(code, 0, stderr);
      }
      assert.deepStrictEqual(yield* contents(twice), expected);
    }).pipe(Effect.scoped),
  120_000,
);

it.live(
  "SEED-1: users that are not demo data keep it out, unless it is forced; and too many are refused",
  () =>
    Effect.gen(function* () {
      const database = yield* TestDatabase.make();
      const environment = environmentOf(database, yield* Iam.folder);
      const admin = yield* connect(database.adminUrl);
      yield* admin`insert into iam_users (id, name, email) values (gen_random_uuid(), 'Ann', 'ann@example.com')`;
      const refused = yield* Iam.run(["seed", ...size], environment);
      assert.match(refused.stderr, /^iam: .*a user.* --force.* \[SEED_REFUSED\]\n$/);
      assert.lengthOf((yield* contents(database)).users, 1);
      yield* seed(database, "--tenants", "1", "--users", "2", "--force");
      assert.lengthOf((yield* contents(database)).users, 3);
      const many = yield* Iam.run(["seed", "--tenants", "1", "--users", "101"], environment);
      assert.strictEqual(many.code, 1);
      assert.include(many.stderr, "from 1 to 100 users");
    }).pipe(Effect.scoped),
  120_000,
);
