import { Auth, Tenancy } from "@beep/iam-server";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";

// PostgreSQL 18, 15 and PgBouncer where they are installed, and the embedded database; each file has its own.
for (const { name, layer: services } of IamTest.databases) {
  layer(services, { excludeTestServices: true })(`on ${name}`, (it) => {
    it.effect("an organization's owner is its first member", () =>
      Effect.gen(function* () {
        const { api } = yield* Auth.Auth;
        const ann = yield* IamTest.signedUp("ann"); // signed up, address confirmed by the mailed link, signed in
        const acme = yield* IamTest.organizationOf(ann, "acme");

        const { members } = yield* Tenancy.within(acme.id)(api.listMembers({ headers: ann.headers }));
        assert.deepStrictEqual(
          members.map((member) => member.role),
          ["owner"],
        );
      }),
    );
  });
}
