/**
 * No end user sets a column that is not theirs to set. For every table, every request by which an end user causes a row
 * of it to be written is sent again for every column, with values for that column put where the request takes values.
 * The columns come from the tables, so that a new one is tried by itself.
 */

import * as entities from "@beep/iam-domain/entities";
import { Auth } from "@beep/iam-server";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import type { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import { getColumns, getColumnTable, getTableName } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import type { SqlError } from "effect/sql/SqlError";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { authenticator } from "./authenticator.ts";
import {
  assertRefused,
  at,
  type Browser,
  database,
  granted,
  joined,
  open,
  organizationOf,
  signedUp,
  text,
} from "./browser.ts";
import { texted } from "./operations/phoneNumbers.ts";
import { signedMessage } from "./siwe.ts";

const tables: Readonly<Record<string, PgTable>> = IamDbSchema;
const models: Readonly<Record<string, unknown>> = entities;

/** Tables of which no request of an end user writes what the user says. */
const unreachable: ReadonlySet<string> = new Set([
  "notificationPreference", // Better Auth does not know it.
  "rateLimit", // Counted for the path and the address.
  "signingKey", // Drawn by lot.
  "verification", // Written with what the server drew by lot.
  // The services write them, and Better Auth does not know them.
  "application",
  "auditCheckpoint",
  "auditEnvelope",
  "auditEvent",
  "auditHead",
  "auditSeal",
  "authorizationModel",
  "dataKey",
  "idempotencyKey",
  "legalHold",
  "outboxMessage",
  "webhookCursor",
  "webhookDelivery",
  "webhookSubscription",
  // A directory's token writes them, and no end user has one.
  "scimConnectionBinding",
  "scimGroup",
  "scimGroupMember",
  "scimIdentityTombstone",
  "scimManagedConnection",
  "scimManagedConnectionEvent",
  "scimManagedCredential",
  "scimMembership",
  "scimProjectionGrant",
  "scimSubject",
  "scimUser",
  "ssoProvider", // What an organization's owner says of one is proved before it counts: see sso.test.ts.
  "oauthAccessToken", // Drawn by lot.
  "oauthRefreshToken",
  "oauthClientAssertion", // Known by its digest.
  "oauthClient", // An administrator's to register.
  "oauthClientResource",
  "oauthResource",
  "nestedRelation",
  "policyRevision",
  "relation",
  "relationNesting",
]);

type Values = Readonly<Record<string, unknown>>;

/** A request by which an end user causes a row to be written. */
interface Way {
  readonly table: keyof typeof IamDbSchema;
  readonly by: Browser;
  readonly path: string;
  /** What makes the request right; made anew for each sending. */
  readonly values: Effect.Effect<Values, SqlError, IamTest.Mailbox>;
  /** The columns that the user may set. */
  readonly may: ReadonlyArray<string>;
  /** Where in the body the request takes values, beside the top. */
  readonly within?: string;
}

const marker = "forged";

/** Values for a column, of the kind that it takes. */
const candidates = (
  model: unknown,
  name: string,
  column: PgColumn,
  strangers: ReadonlyArray<string>,
): ReadonlyArray<unknown> => {
  const type = column.getSQLType();
  if (type === "uuid") return strangers.filter((id) => takes(column, id));
  if (type === "boolean") return [true, false];
  if (type === "integer" || type === "bigint") return [987_654];
  if (type.startsWith("timestamp")) return ["2001-02-03T04:05:06.789Z"];
  if (at(column, "dimensions") === 1) return [[marker]];
  assert.strictEqual(type, "text", `No values are known for a column of the type ${type}.`);
  const literals = at(model, "Model", "select", "fields", name, "literals");
  return [
    marker,
    { [marker]: [marker] },
    ...(Array.isArray(literals) ? literals : []),
    ...(/role/i.test(name) ? ["admin", "owner"] : []),
    ...(/Id$/.test(name) ? strangers.slice(0, 2) : []),
  ];
};

const takes = (column: PgColumn, id: string): boolean => {
  try {
    column.mapToDriverValue(id);
    return true;
  } catch {
    return false;
  }
};

/** A value that a request tries to put into a column. */
interface Forgery {
  readonly key: string;
  readonly column: PgColumn;
  readonly value: unknown;
}

/** How many rows hold a forged value. */
const holders = Effect.fnUntraced(function* (sql: PgClient, { column, value }: Forgery) {
  const from = sql(getTableName(getColumnTable(column)));
  const isHeld =
    typeof value === "object"
      ? sql`${sql(column.name)}::text like ${`%${marker}%`}`
      : sql`${sql(column.name)} = ${column.getSQLType() === "uuid" ? column.mapToDriverValue(value) : value}`;
  const [row] = yield* sql<{ count: number }>`select count(*)::int as count from ${from} where ${isHeld}`;
  return row?.count ?? 0;
});

/** The forgeries by turns: in each turn one for every column that has one left. */
const turns = (forgeries: ReadonlyArray<Forgery>): ReadonlyArray<ReadonlyArray<Forgery>> => {
  const byColumn = Object.values(Object.groupBy(forgeries, ({ key }) => key)).map((group) => group ?? []);
  const longest = Math.max(...byColumn.map((group) => group.length));
  return Array.from({ length: longest }, (_, turn) => byColumn.flatMap((group) => group.slice(turn, turn + 1)));
};

layer(database, { excludeTestServices: true })((it) => {
  it.effect("AUTH-3: a member does not raise a role, neither in the organization nor in the installation", () =>
    Effect.gen(function* () {
      const { openApi } = yield* Auth.Auth;
      const dan = yield* signedUp("dan");
      const fay = yield* signedUp("fay");
      const gil = yield* signedUp("gil");
      const den = yield* organizationOf(dan, "den");
      const { memberId } = yield* joined(den, dan, fay);
      const { memberId: adminId } = yield* joined(den, dan, gil, "admin");
      const update = (by: Browser, id: string, role: string) =>
        by.post("/organization/update-member-role", { memberId: id, role, organizationId: den.id });
      const invite = (by: Browser, role: string) =>
        by.post("/organization/invite-member", { email: "hal@example.com", role, organizationId: den.id });
      const notThis = "YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER";

      for (const role of ["admin", "owner", "member,owner"]) {
        assertRefused(yield* update(fay, memberId, role), 403, notThis);
        assertRefused(yield* invite(fay, role), 403, "YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION");
      }
      // An administrator of the organization is no owner, makes none, and unmakes none.
      for (const role of ["owner", "admin,owner"]) {
        assertRefused(yield* update(gil, adminId, role), 403, notThis);
        assertRefused(yield* invite(gil, role), 403, "YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE");
      }
      assertRefused(yield* update(gil, den.memberId, "member"), 403, notThis);
      assert.isAtLeast((yield* gil.post("/organization/remove-member", { memberIdOrEmail: den.memberId })).status, 400);

      // What is for administrators of the installation asks first who is there, and then everything else.
      const right = { userId: gil.id, id: gil.id, sessionToken: "token", newPassword: IamTest.password, role: "admin" };
      const user = { name: "Ida", email: "ida@example.com", data: { role: "admin" } };
      for (const [path, methods] of Object.entries((yield* openApi).paths)) {
        if (!path.startsWith("/admin/") || ["/admin/has-permission", "/admin/stop-impersonating"].includes(path))
          continue;
        const answer = yield* at(methods, "get") === undefined
          ? fay.post(path, { ...right, ...user })
          : fay.get(path, { id: gil.id });
        assert.strictEqual(answer.status, 403, path);
      }
    }),
  );

  it.effect("AUTH-3: no column but those meant for it is set by a request of an end user", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const sql = yield* Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));
      const mailbox = yield* IamTest.Mailbox;
      const ann = yield* signedUp("ann");
      const bob = yield* signedUp("bob");
      const eve = yield* signedUp("eve");
      const acme = yield* organizationOf(ann, "acme");
      const other = yield* organizationOf(eve, "other");
      yield* joined(acme, ann, bob);
      const { memberId } = yield* joined(acme, ann, yield* signedUp("cat"));
      const keyId = text(granted(yield* ann.post("/api-key/create", { name: "robot" })), "id");
      granted(yield* ann.post("/organization/create-role", { role: "editor", permission: {} }));
      const nobody = yield* open;
      const consentId = IamEntityIds.OauthConsentId.create();
      const asUuid = IamEntityIds.OauthConsentId.toUuid(consentId);
      yield* sql`insert into iam_oauth_clients (id, client_id, redirect_uris) values (${asUuid}, 'shop', '{}')`;
      yield* sql`insert into iam_oauth_consents (id, client_id, user_id, scopes)
        values (${asUuid}, 'shop', ${SharedEntityIds.UserId.toUuid(bob.id)}, '{openid}')`;

      let made = 0;
      const fresh = (name: string) => `${name}-${made++}`;
      const as = (values: () => Values) => Effect.sync(values);
      const organizationId = acme.id;
      const bobAsUuid = SharedEntityIds.UserId.toUuid(bob.id);
      const newcomer = () => ({ name: "Joe", email: `${fresh("joe")}@example.com`, password: IamTest.password });
      const invitation = () => ({ email: `${fresh("kim")}@example.com`, role: "member", organizationId });
      const invited = Effect.gen(function* () {
        yield* sql`delete from iam_members where user_id = ${bobAsUuid}`;
        const values = { email: bob.email, role: "member", organizationId, resend: true };
        const answer = granted(yield* ann.post("/organization/invite-member", values));
        yield* mailbox.next;
        return { invitationId: text(answer, "id") };
      });
      const emptied = (table: string, values: Values) =>
        Effect.as(sql`delete from ${sql(table)} where user_id = ${bobAsUuid}`, values);

      // Of a user, what users say of themselves.
      const own = ["name", "image", "username", "displayUsername"];
      const coded = Effect.gen(function* () {
        const email = `${fresh("lea")}@example.com`;
        return { email, otp: yield* Effect.orDie(api.createVerificationOTP({ body: { email, type: "sign-in" } })) };
      });
      const phoned = Effect.gen(function* () {
        const phoneNumber = `+49151${String(10_000_000 + made++)}`;
        granted(yield* nobody.post("/phone-number/send-otp", { phoneNumber }));
        return { phoneNumber, code: yield* texted };
      });
      const guest = Effect.as(nobody.post("/sign-out"), {});
      const wallet = Effect.gen(function* () {
        const { nonce } = Object(granted(yield* nobody.post("/siwe/nonce")));
        return yield* signedMessage(privateKeyToAccount(generatePrivateKey()), { nonce });
      });
      const keyed = Effect.gen(function* () {
        const options = granted(yield* ann.get("/passkey/generate-register-options"));
        return { response: authenticator().create(Object(options)) };
      });
      const passkeyId = text(granted(yield* ann.post("/passkey/verify-registration", yield* keyed)), "id");
      const device = Effect.gen(function* () {
        const body = granted(yield* nobody.post("/device/code", { client_id: "television" }));
        granted(yield* ann.get("/device", { user_code: text(body, "user_code") }));
        return { userCode: text(body, "user_code") };
      });

      const ways: ReadonlyArray<Way> = [
        { table: "user", by: nobody, path: "/sign-up/email", values: as(newcomer), may: ["email", ...own] },
        { table: "user", by: bob, path: "/update-user", values: as(() => ({ name: "Bob" })), may: own },
        { table: "user", by: nobody, path: "/sign-in/email-otp", values: coded, may: ["email", ...own] },
        { table: "user", by: nobody, path: "/phone-number/verify", values: phoned, may: ["phoneNumber", ...own] },
        {
          table: "user",
          by: bob,
          path: "/phone-number/verify",
          values: Effect.map(phoned, (values) => ({ ...values, updatePhoneNumber: true })),
          may: ["phoneNumber"],
        },
        { table: "user", by: yield* open, path: "/sign-in/anonymous", values: guest, may: [] },
        { table: "walletAddress", by: nobody, path: "/siwe/verify", values: wallet, may: [] },
        { table: "user", by: nobody, path: "/siwe/verify", values: wallet, may: [] },
        { table: "passkey", by: ann, path: "/passkey/verify-registration", values: keyed, may: ["name"] },
        {
          table: "passkey",
          by: ann,
          path: "/passkey/update-passkey",
          values: as(() => ({ id: passkeyId, name: "phone" })),
          may: ["name"],
        },
        {
          table: "deviceCode",
          by: nobody,
          path: "/device/code",
          values: as(() => ({ client_id: "television" })),
          may: ["scope"],
        },
        { table: "deviceCode", by: ann, path: "/device/approve", values: device, may: [] },
        {
          table: "account",
          by: nobody,
          path: "/sign-up/email",
          values: as(newcomer),
          may: ["password"],
        },
        {
          table: "session",
          by: bob,
          path: "/sign-in/email",
          values: as(() => ({ email: bob.email, password: IamTest.password })),
          may: [],
        },
        { table: "session", by: bob, path: "/update-session", values: as(() => ({})), may: [] },
        {
          table: "organization",
          by: ann,
          path: "/organization/create",
          values: as(() => ({ name: "Acme", slug: fresh("acme"), keepCurrentActiveOrganization: true })),
          may: ["name", "slug", "logo", "metadata"],
        },
        {
          table: "organization",
          by: ann,
          path: "/organization/update",
          values: as(() => ({ data: { name: "Acme" }, organizationId })),
          may: ["name", "slug", "logo", "metadata"],
          within: "data",
        },
        {
          table: "member",
          by: ann,
          path: "/organization/create",
          values: as(() => ({ name: "Acme", slug: fresh("acme"), keepCurrentActiveOrganization: true })),
          may: [],
        },
        { table: "member", by: bob, path: "/organization/accept-invitation", values: invited, may: [] },
        {
          table: "member",
          by: ann,
          path: "/organization/update-member-role",
          values: as(() => ({ memberId, role: "member", organizationId })),
          may: ["role"],
        },
        {
          table: "invitation",
          by: ann,
          path: "/organization/invite-member",
          values: as(invitation),
          may: ["email", "role", "teamId"],
        },
        { table: "invitation", by: bob, path: "/organization/accept-invitation", values: invited, may: [] },
        {
          table: "team",
          by: ann,
          path: "/organization/create-team",
          values: as(() => ({ name: "Day", organizationId })),
          may: ["name"],
        },
        {
          table: "team",
          by: ann,
          path: "/organization/update-team",
          values: as(() => ({ teamId: acme.teamId, data: { name: "Day", organizationId } })),
          may: ["name"],
          within: "data",
        },
        {
          table: "teamMember",
          by: ann,
          path: "/organization/add-team-member",
          values: emptied("iam_team_members", { teamId: acme.teamId, userId: bob.id, organizationId }),
          may: [],
        },
        {
          table: "organizationRole",
          by: ann,
          path: "/organization/create-role",
          values: as(() => ({ role: fresh("role"), permission: {}, additionalFields: {}, organizationId })),
          may: ["role", "permission"],
          within: "additionalFields",
        },
        {
          table: "organizationRole",
          by: ann,
          path: "/organization/update-role",
          values: as(() => ({ roleName: "editor", data: { permission: {} }, organizationId })),
          may: ["permission"],
          within: "data",
        },
        {
          table: "apiKey",
          by: ann,
          path: "/api-key/create",
          values: as(() => ({ name: "robot" })),
          may: ["name", "prefix"],
        },
        {
          table: "apiKey",
          by: ann,
          path: "/api-key/update",
          values: as(() => ({ keyId, name: "robot" })),
          may: ["name", "enabled"],
        },
        {
          table: "twoFactor",
          by: bob,
          path: "/two-factor/enable",
          values: emptied("iam_two_factors", { password: IamTest.password }),
          may: [],
        },
        {
          table: "deviceCode",
          by: bob,
          path: "/device/code",
          values: as(() => ({ client_id: "television" })),
          may: ["scope"],
        },
        {
          table: "oauthConsent",
          by: bob,
          path: "/oauth2/update-consent",
          values: as(() => ({ id: consentId, update: { scopes: ["openid"] } })),
          may: ["scopes"],
          within: "update",
        },
      ];
      const covered = new Set<string>(ways.map(({ table }) => table));
      assert.deepStrictEqual(
        Object.keys(tables).filter((name) => !covered.has(name) && !unreachable.has(name)),
        [],
      );

      const strangers = [
        eve.id,
        other.id,
        other.memberId,
        other.teamId,
        ...[...Object.values(IamEntityIds), ...Object.values(SharedEntityIds)].map((Id) => Id.create()),
      ];
      let tried = 0;
      const set: Array<unknown> = [];
      for (const { table: name, by, path, values, may, within } of ways) {
        const table = tables[name];
        if (table === undefined) throw new Error(`There is no table "${name}".`);
        const columns: Readonly<Record<string, PgColumn>> = getColumns(table);
        const model = models[`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`];
        const forgeries = Object.entries(columns)
          .filter(([key]) => !may.includes(key))
          .flatMap(([key, column]) =>
            candidates(model, key, column, strangers).map((value) => ({ key, column, value })),
          );

        // What the request writes anyway: a key is enabled, an invitation is pending.
        const count = (forged: ReadonlyArray<Forgery>) => Effect.forEach(forged, (forgery) => holders(sql, forgery));
        const before = yield* count(forgeries);
        const { status, body } = yield* by.post(path, yield* values);
        // Of a session nothing at all may be set.
        assert.strictEqual(status, path === "/update-session" ? 400 : 200, `${path}: ${JSON.stringify(body)}`);
        const after = yield* count(forgeries);
        const usual = new Map(forgeries.map((forgery, i) => [forgery, (after[i] ?? 0) - (before[i] ?? 0)]));

        // All columns at once, which is enough where they are ignored; where they are refused, a half of them by itself.
        const forge = (
          forged: ReadonlyArray<Forgery>,
          place: string | undefined,
        ): Effect.Effect<void, SqlError, IamTest.Mailbox> =>
          Effect.gen(function* () {
            const right = yield* values;
            const wrong = Object.fromEntries(forged.map(({ key, value }) => [key, value]));
            const earlier = yield* count(forged);
            const { status } = yield* by.post(
              path,
              place === undefined
                ? { ...right, ...wrong }
                : { ...right, [place]: { ...Object(right[place]), ...wrong } },
            );
            const later = yield* count(forged);
            for (const [i, forgery] of forged.entries()) {
              const added = (later[i] ?? 0) - (earlier[i] ?? 0);
              if (status >= 500 || added > Math.max(0, usual.get(forgery) ?? 0)) {
                set.push({ path, table: name, key: forgery.key, value: forgery.value, place, status });
              }
            }
            if (status === 200 || forged.length === 1) tried += forged.length;
            else {
              const half = Math.ceil(forged.length / 2);
              yield* forge(forged.slice(0, half), place);
              yield* forge(forged.slice(half), place);
            }
          });
        for (const forged of turns(forgeries)) {
          yield* forge(forged, undefined);
          if (within !== undefined) yield* forge(forged, within);
        }
      }
      assert.deepStrictEqual(set, []);
      assert.isAbove(tried, 300);
    }),
  );
});
