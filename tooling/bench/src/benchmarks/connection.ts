/**
 * What the layers between a service and the database cost: three columns of one row by its primary key, through ever
 * more of them. All but the tenant read the same users under the service role, since a login without a role sees no
 * row; the tenant reads the members of its organization.
 */
import { Tenancy, Transaction } from "@beep/iam-server";
import { Db, IamDb } from "@beep/iam-server/db/Db";
import { IamDbSchema, relations } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { sqlUuid, uuidOf } from "@beep/testing/Population";
import { PgClient } from "@effect/sql-pg/PgClient";
import { eq } from "drizzle-orm";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Benchmark } from "../Benchmark.ts";
import * as Database from "../Database.ts";
import { exactly, placeholder, scattered } from "../rows.ts";

const userCount = 100_000;
const memberCount = 10_000;

export const connection: Benchmark = {
  name: "connection",
  description: "One row by its primary key: bare statement, drizzle, transaction, tenant's scope.",
  setUp: Effect.gen(function* () {
    const { admin, appUrl, services } = yield* Database.make;
    yield* fill(admin);

    const application = Context.get(services, PgClient);
    const service = Database.serviceConnection(services);
    const { db: tenantDb } = Context.get(services, IamDb.IamDb);
    const { db: serviceDb } = yield* Effect.provideService(
      Db.make({ schema: IamDbSchema, relations }),
      PgClient,
      service.client,
    );
    const pool = yield* Database.openPool(appUrl);

    const { member, user } = IamDbSchema;
    const columns = { id: user.id, name: user.name, version: user.version };
    const userUuid = scattered(userCount, uuidOf);
    const userId = scattered(userCount, (row) => SharedEntityIds.UserId.fromUuid(uuidOf(row)));
    const memberId = scattered(memberCount, (row) => IamEntityIds.MemberId.fromUuid(uuidOf(row)));

    const bare = { name: "user", text: "select id, name, version from iam_users where id = $1" };
    const statement = (index: number) =>
      service.client`select id, name, version from iam_users where id = ${userUuid(index)}`;
    const preparedUser = serviceDb
      .select(columns)
      .from(user)
      .where(eq(user.id, placeholder("id", user.id)))
      .prepare();
    const preparedMember = tenantDb
      .select({ id: member.id, role: member.role, version: member.version })
      .from(member)
      .where(eq(member.id, placeholder("id", member.id)))
      .prepare();
    const inTransaction = Transaction.runOn(service.client);
    const withinOrganization = Tenancy.within(organizationId);

    return {
      subjects: [
        {
          name: "one row by its primary key",
          cases: [
            {
              name: "pg, pool of 8, prepared",
              operation: (index) =>
                Effect.map(
                  Effect.promise(() => pool.query({ ...bare, values: [userUuid(index)] })),
                  ({ rows }) => exactly(1)(rows),
                ),
            },
            {
              name: "PgClient, prepared",
              operation: (index) => Effect.map(statement(index), exactly(1)),
            },
            {
              name: "ServiceConnection.statement",
              operation: (index) => Effect.map(service.statement(statement(index)), exactly(1)),
            },
            {
              name: "drizzle, prepared",
              operation: (index) => Effect.map(preparedUser.execute({ id: userId(index) }), exactly(1)),
            },
            {
              name: "drizzle, built for each call",
              operation: (index) =>
                Effect.map(
                  serviceDb
                    .select(columns)
                    .from(user)
                    .where(eq(user.id, userId(index))),
                  exactly(1),
                ),
            },
            {
              name: "drizzle, prepared, in a transaction",
              operation: (index) => Effect.map(inTransaction(preparedUser.execute({ id: userId(index) })), exactly(1)),
            },
            {
              name: "drizzle, prepared, in Tenancy.within",
              operation: (index) =>
                preparedMember
                  .execute({ id: memberId(index) })
                  .pipe(withinOrganization, Effect.provideService(PgClient, application), Effect.map(exactly(1))),
            },
          ],
        },
      ],
    };
  }),
};

const organizationId = SharedEntityIds.OrganizationId.fromUuid(uuidOf(1));

const fill = Effect.fnUntraced(function* (admin: PgClient) {
  const id = sqlUuid("n");
  yield* admin`insert into iam_organizations (id, name, slug) values (${uuidOf(1)}, 'Acme', 'acme')`;
  yield* admin.unsafe(`
    insert into iam_users (id, name, email)
    select ${id}, 'user ' || n, 'user' || n || '@example.com' from generate_series(1, ${userCount}) as n`);
  yield* admin.unsafe(`
    insert into iam_members (id, organization_id, user_id)
    select ${id}, ${sqlUuid("1")}, ${id} from generate_series(1, ${memberCount}) as n`);
  yield* admin.unsafe("vacuum analyze iam_organizations, iam_users, iam_members");
});
