import { Auth, Iam, IamDb, Tenancy } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import * as Effect from "effect/Effect";

const program = Effect.gen(function* () {
  const { api } = yield* Auth.Auth;
  const { db } = yield* IamDb.IamDb;

  const { user } = yield* api.createUser({
    body: { name: "Ann", email: "ann@example.com", password: "correct horse battery staple" },
  });
  const organization = yield* api.createOrganization({ body: { name: "Acme", slug: "acme", userId: user.id } });

  // Inside the organization its rows are there; outside there are none.
  const members = db.select({ id: IamDbSchema.member.id, role: IamDbSchema.member.role }).from(IamDbSchema.member);
  return { inside: yield* Tenancy.within(organization.id)(members), outside: yield* members };
});

export const main = program.pipe(Effect.provide(Iam.layer));
