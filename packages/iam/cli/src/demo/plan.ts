/** What demo data there is to be. The same seed gives the same, and with more users it goes on where it ended. */
import * as Array from "effect/Array";
import * as Effect from "effect/Effect";
import * as Random from "effect/Random";
import * as Words from "./words.ts";

/** How much, and which. */
export interface Size {
  readonly seed: number;
  readonly tenants: number;
  /** Altogether, owners included. */
  readonly users: number;
}

/** A user. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

/** An organization. */
export interface Tenant {
  readonly name: string;
  readonly slug: string;
  readonly owner: Person;
  /** Beside the one that every organization begins with. */
  readonly teams: Array.NonEmptyReadonlyArray<string>;
}

/** A user who belongs to an organization, and does not own it. */
export interface Member extends Person {
  readonly slug: string;
  readonly role: "admin" | "member";
  readonly team: string | undefined;
}

/** All of it. */
export interface Plan {
  readonly tenants: ReadonlyArray<Tenant>;
  readonly members: ReadonlyArray<Member>;
}

/** How many Better Auth lets belong to one organization. */
export const MOST_MEMBERS = 100;

/** Who belongs to demo data, as SQL compares: nobody's mail, because the domain is reserved (RFC 2606). */
export const DEMO_ADDRESSES = "%@seed-%.example";

const slugOf = (name: string) => name.toLowerCase().replaceAll(" ", "-");

const people = Effect.fnUntraced(function* ({ seed, users }: Size) {
  return yield* Effect.forEach(Array.range(1, users), (number) =>
    Effect.gen(function* () {
      const given = yield* Random.choice(Words.givenNames);
      const family = yield* Random.choice(Words.familyNames);
      const email = `${given}.${family}.${number}@seed-${seed}.example`.toLowerCase();
      return { name: `${given} ${family}`, email } satisfies Person;
    }),
  );
});

/** What has something in it has so in another order, too. */
const shuffled = <A>(words: Array.NonEmptyReadonlyArray<A>) =>
  Effect.map(Random.shuffle(words), (found) => (Array.isArrayNonEmpty(found) ? found : words));

const tenantOf = Effect.fnUntraced(function* (seed: number, owner: Person, index: number) {
  const name = `${yield* Random.choice(Words.adjectives)} ${yield* Random.choice(Words.trades)}`;
  const [first, ...others] = yield* shuffled(Words.teams);
  const teams = [first, ...others.slice(0, yield* Random.nextIntBetween(0, 3))] as const;
  return { name, slug: `${slugOf(name)}-${seed}-${index + 1}`, owner, teams } satisfies Tenant;
});

const members = Effect.fnUntraced(function* (persons: ReadonlyArray<Person>, tenants: ReadonlyArray<Tenant>) {
  const open = tenants.map((tenant) => ({ tenant, members: 1 }));
  return yield* Effect.forEach(persons, (person) =>
    Effect.gen(function* () {
      const index = yield* Random.nextIntBetween(0, open.length, { halfOpen: true });
      const role: Member["role"] = (yield* Random.next) < 0.1 ? "admin" : "member";
      const inTeam = (yield* Random.next) < 0.8;
      const chosen = open[index];
      if (chosen === undefined) return yield* Effect.die(new Error("There are more users than tenants hold."));
      chosen.members++;
      // Who is full leaves its place to the last one.
      if (chosen.members === MOST_MEMBERS) open.splice(index, 1);
      const { slug, teams } = chosen.tenant;
      const team = inTeam ? yield* Random.choice(teams) : undefined;
      return { ...person, slug, role, team } satisfies Member;
    }),
  );
});

/** Plans demo data. Each part has random numbers of its own, so that one does not shift another. */
export const plan = Effect.fnUntraced(function* (size: Size): Effect.fn.Return<Plan> {
  const of = (part: string) => Random.withSeed(`${size.seed} ${part}`);
  const persons = yield* of("people")(people(size));
  const owners = persons.slice(0, size.tenants);
  const tenants = yield* of("tenants")(Effect.forEach(owners, (owner, index) => tenantOf(size.seed, owner, index)));
  return { tenants, members: yield* of("members")(members(persons.slice(size.tenants), tenants)) };
});
