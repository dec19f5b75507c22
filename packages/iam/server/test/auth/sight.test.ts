/** An endpoint that is shown one organization writes to no row of another, whatever it asks the adapter for. */
import { IamTest } from "@beep/testing";
import { getAuthTables } from "@better-auth/core/db";
import type { DBAdapter, Where } from "@better-auth/core/db/adapter";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { makeAdapter } from "../../src/auth/adapter.ts";
import * as promises from "../../src/auth/promises.ts";
import { Current, type Sight } from "../../src/auth/sight.ts";
import { ServiceConnection } from "../../src/db/ServiceConnection.ts";
import { betterAuth } from "./control.ts";
import { means } from "./means.ts";

/** The models whose rows say which organization they are of. */
const models = ["invitation", "member", "organizationRole", "ssoProvider", "team"] as const;

type Model = (typeof models)[number];

/** What is changed of a row of each. */
const changes: Readonly<Record<Model, Readonly<Record<string, string>>>> = {
  invitation: { status: "canceled" },
  member: { role: "admin" },
  organizationRole: { permission: "{}" },
  ssoProvider: { domain: "other.example" },
  team: { name: "Other" },
};

interface Statement {
  readonly model: string;
  readonly where: Array<Where>;
}

type Write = (adapter: DBAdapter, statement: Statement, change: Readonly<Record<string, string>>) => Promise<unknown>;

/** Each way in which the adapter writes to rows that are there. */
const writes: Readonly<Record<string, Write>> = {
  update: (adapter, statement, change) => adapter.update({ ...statement, update: change }),
  updateMany: (adapter, statement, change) => adapter.updateMany({ ...statement, update: change }),
  delete: (adapter, statement) => adapter.delete(statement),
  deleteMany: (adapter, statement) => adapter.deleteMany(statement),
  consumeOne: (adapter, statement) => adapter.consumeOne(statement),
  incrementOne: (adapter, statement, change) => adapter.incrementOne({ ...statement, increment: {}, set: change }),
};

/** An organization, and a row of it of each model. */
const organizationBy = async (adapter: DBAdapter, slug: string) => {
  const made = async (model: string, data: Readonly<Record<string, unknown>>): Promise<string> => {
    const { id } = await adapter.create<Record<string, unknown>, { readonly id: string }>({ model, data });
    return id;
  };
  const organizationId = await made("organization", { name: slug, slug });
  const email = `${slug}@example.com`.toLowerCase();
  const userId = await made("user", { name: slug, email, emailVerified: true });
  const expiresAt = new Date(Date.now() + 3_600_000);
  const domain = `${slug}.example`;
  const rows: Readonly<Record<Model, string>> = {
    invitation: await made("invitation", { organizationId, email, role: "member", expiresAt, inviterId: userId }),
    member: await made("member", { organizationId, userId, role: "member" }),
    organizationRole: await made("organizationRole", { organizationId, role: "editor", permission: '{"team":[]}' }),
    ssoProvider: await made("ssoProvider", { organizationId, issuer: `https://${domain}`, providerId: slug, domain }),
    team: await made("team", { organizationId, name: slug }),
  };
  return { organizationId, rows };
};

layer(IamTest.postgres(), { excludeTestServices: true })("an endpoint that is shown an organization", (it) => {
  const adapted = Effect.gen(function* () {
    const { options } = yield* betterAuth();
    return { adapter: makeAdapter(yield* ServiceConnection, yield* means)(options), options };
  });

  it.effect("TEN-6: is tried with each model whose rows say which organization they are of", () =>
    Effect.gen(function* () {
      const { options } = yield* adapted;
      const having = Object.entries(getAuthTables(options)).filter(([, { fields }]) => "organizationId" in fields);
      assert.deepStrictEqual(having.map(([model]) => model).toSorted(), [...models]);
    }),
  );

  for (const [name, write] of Object.entries(writes)) {
    it.effect(`TEN-6: touches nothing of another by ${name}`, () =>
      Effect.gen(function* () {
        const { adapter } = yield* adapted;
        const one = yield* promises.enter(() => organizationBy(adapter, `${name}-one`));
        const other = yield* promises.enter(() => organizationBy(adapter, `${name}-other`));
        const sight: Sight = {
          condition: () => ({ field: "organizationId", value: one.organizationId }),
          shows: () => Promise.resolve(true),
          seeksOwners: false,
        };

        /** A row before and after it is written to by an endpoint that is shown the one. */
        const written = Effect.fnUntraced(function* (model: Model, id: string) {
          const statement = { model, where: [{ field: "id", value: id }] };
          const row = promises.enter(() => adapter.findOne<object>(statement));
          const before = yield* row;
          yield* promises.enter(() =>
            promises.having(Current, { sight }, () => write(adapter, statement, changes[model])),
          );
          return { before, after: yield* row };
        });

        for (const model of models) {
          const theirs = yield* written(model, other.rows[model]);
          assert.isNotNull(theirs.before, model);
          assert.deepStrictEqual(theirs.after, theirs.before, model);
          const own = yield* written(model, one.rows[model]);
          assert.notDeepEqual(own.after, own.before, model);
        }
      }),
    );
  }
});
