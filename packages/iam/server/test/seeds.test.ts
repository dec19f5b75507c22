/** The code samples of the documents that the project came from, with their import paths. */

import { Tenancy } from "@beep/iam-server";
import { IamDb } from "@beep/iam-server/db/Db";
import { IamDbSchema } from "@beep/iam-tables";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as A from "effect/Array";
import * as Effect from "effect/Effect";
import * as F from "effect/Function";

export const listActiveMembers = Effect.gen(function* () {
  const { db } = yield* IamDb.IamDb;
  const rows = yield* db
    .select({ memberId: IamDbSchema.member.id, role: IamDbSchema.member.role })
    .from(IamDbSchema.member);
  return F.pipe(
    rows,
    A.map((row) => row.memberId),
  );
});

for (const database of IamTest.databases) {
  layer(database.layer)(`on ${database.name}`, (it) => {
    it.effect("ALN-7: listActiveMembers gives a tenant's members inside that tenant, and none outside", () =>
      Effect.gen(function* () {
        const ann = yield* IamTest.signedUp("ann");
        const bob = yield* IamTest.signedUp("bob");
        const acme = yield* IamTest.organizationOf(ann, "acme");
        const other = yield* IamTest.organizationOf(bob, "other");

        assert.deepStrictEqual(yield* listActiveMembers, []);
        assert.deepStrictEqual(yield* Tenancy.within(acme.id)(listActiveMembers), [acme.memberId]);
        assert.deepStrictEqual(yield* Tenancy.within(other.id)(listActiveMembers), [other.memberId]);
        assert.deepStrictEqual(yield* listActiveMembers, []);
      }),
    );
  });
}
