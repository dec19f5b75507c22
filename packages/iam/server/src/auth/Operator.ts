/**
 * What whoever runs the installation does by hand, without a browser: finds things by the names that people have for
 * them, in every tenant, and ends or renews keys whoever they belong to. For trusted code only: it asks nobody who they
 * are.
 */
import { Errors } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { and, asc, count, eq, getColumns, ilike, notLike, or, type SQL } from "drizzle-orm";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import { IamDb } from "../db/IamDb.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { asService } from "../tenancy/asService.ts";
import type { UserRow } from "./Api.ts";
import { Auth } from "./Auth.ts";
import type { ApiKeyRow, OrganizationRow } from "./api/rows.ts";
import { canAct, hasRole } from "./standing.ts";

type UserId = SharedEntityIds.UserId;
type OrganizationId = SharedEntityIds.OrganizationId;

/** Part of a list. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** An organization, how many belong to it, and since when it is suspended. */
export interface CountedOrganization extends OrganizationRow {
  readonly members: number;
  readonly suspendedAt: Date | null;
}

/** Where a user belongs, and as what. */
export interface Membership extends Pick<OrganizationRow, "id" | "slug" | "name"> {
  readonly role: string;
}

/** A key without what it is checked by. */
export type StoredKey = Omit<typeof IamDbSchema.apiKey.$inferSelect, "key" | "version">;

/** The operator's view of the installation. */
export class Operator extends Context.Service<
  Operator,
  {
    /** The user of an address or id. */
    readonly user: (emailOrId: string) => Effect.Effect<UserRow, Errors.AuthError>;
    /** The earliest administrator who is not banned. */
    readonly administrator: Effect.Effect<UserRow, Errors.AdministratorMissing>;
    /** How many users there are whose address is not like that, as SQL compares. */
    readonly countUsersUnlike: (email: string) => Effect.Effect<number>;
    /** Where the user belongs. */
    readonly memberships: (id: UserId) => Effect.Effect<ReadonlyArray<Membership>>;
    /** The organization of a slug or id. */
    readonly organization: (slugOrId: string) => Effect.Effect<OrganizationRow, Errors.AuthError>;
    /** The organizations whose slug or name has the text in it, by slug. */
    readonly organizations: (
      page: Page & { readonly search: string },
    ) => Effect.Effect<{ readonly organizations: ReadonlyArray<CountedOrganization>; readonly total: number }>;
    /** The organization's earliest owner who is not banned. */
    readonly owner: (id: OrganizationId) => Effect.Effect<UserRow, Errors.AuthError>;
    /** The keys of a user or an organization, the earliest first. */
    readonly apiKeys: (of: UserId | OrganizationId) => Effect.Effect<ReadonlyArray<StoredKey>>;
    /** Ends a key for good. */
    readonly revokeApiKey: (id: string) => Effect.Effect<StoredKey, Errors.AuthError | Errors.CommitUnknown>;
    /**
     * Ends a key and makes another of the same name, owner, prefix, permissions and limits, which lives as long as the
     * old one was to live. Either both happen, or nothing.
     */
    readonly rotateApiKey: (
      id: string,
    ) => Effect.Effect<ApiKeyRow & { readonly key: string }, Errors.AuthError | Errors.CommitUnknown>;
  }
>()("@beep/iam-server/auth/Operator") {}

const { apiKey, member, organization, user } = IamDbSchema;

/** Without what only the database, or Better Auth, has a use for. */
const { version: _user, ...userColumns } = getColumns(user);
const { version: _organization, updatedAt: _updatedAt, ...organizationColumns } = getColumns(organization);
const { version: _apiKey, key: _key, ...apiKeyColumns } = getColumns(apiKey);

const Permissions = Schema.fromJsonString(Schema.Record(Schema.String, Schema.mutable(Schema.Array(Schema.String))));
const decodeUserId = (text: string) => Effect.orDie(Schema.decodeUnknownEffect(SharedEntityIds.UserId)(text));
const decodePermissions = (text: string) => Effect.orDie(Schema.decodeEffect(Permissions)(text));

/** The fields that are not null, which Better Auth takes for a few only. */
const stated = <Fields extends object>(fields: Fields) =>
  // `fromEntries` knows no names.
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    readonly [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };

/** As Better Auth answers. */
const statuses = { USER_NOT_FOUND: 404, ORGANIZATION_NOT_FOUND: 400, KEY_NOT_FOUND: 404 } as const;

const missing = (code: keyof typeof statuses, what: string) =>
  new Errors.AuthError({ code, status: statuses[code], message: `There is no ${what}.` });

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const auth = yield* Auth;
  const connection = yield* ServiceConnection;
  const service = <A, E>(effect: Effect.Effect<A, E, ServiceConnection>) =>
    Effect.provideService(asService(effect), ServiceConnection, connection);

  // What a change, and what a look-up, cannot handle.
  const unexpected = { SqlError: Effect.die, EffectDrizzleQueryError: Effect.die } as const;
  const reading = { ...unexpected, CommitUnknown: Effect.die } as const;

  const ownerOf = (id: OrganizationId) =>
    db
      .select(userColumns)
      .from(member)
      .innerJoin(user, eq(user.id, member.userId))
      .where(and(eq(member.organizationId, id), hasRole("owner", member.role), canAct))
      .orderBy(asc(member.createdAt), asc(member.id))
      .limit(1)
      .pipe(
        Effect.flatMap(([found]) =>
          found === undefined
            ? new Errors.AuthError({
                code: "MEMBER_NOT_FOUND",
                status: 400,
                message: "The organization has no owner who can act.",
              })
            : Effect.succeed(found),
        ),
      );

  const endKey = Effect.fnUntraced(function* (id: string) {
    if (!IamEntityIds.ApiKeyId.is(id)) return yield* missing("KEY_NOT_FOUND", `key "${id}"`);
    const [ended] = yield* db.delete(apiKey).where(eq(apiKey.id, id)).returning(apiKeyColumns);
    return ended ?? (yield* missing("KEY_NOT_FOUND", `key "${id}"`));
  });

  return Operator.of({
    user: Effect.fn("Operator.user")(function* (emailOrId) {
      const where = SharedEntityIds.UserId.is(emailOrId) ? { id: emailOrId } : { email: emailOrId.toLowerCase() };
      const found = yield* service(db.query.user.findFirst({ where, columns: { version: false } }));
      return found ?? (yield* missing("USER_NOT_FOUND", `user "${emailOrId}"`));
    }, Effect.catchTags(reading)),
    administrator: service(
      db
        .select(userColumns)
        .from(user)
        .where(and(hasRole("admin", user.role), canAct))
        .orderBy(asc(user.createdAt), asc(user.id))
        .limit(1),
    ).pipe(
      Effect.orDie,
      Effect.flatMap(([found]) => (found === undefined ? new Errors.AdministratorMissing() : Effect.succeed(found))),
      Effect.withSpan("Operator.administrator"),
    ),
    countUsersUnlike: Effect.fn("Operator.countUsersUnlike")(function* (email) {
      const [row] = yield* service(db.select({ count: count() }).from(user).where(notLike(user.email, email)));
      return row?.count ?? 0;
    }, Effect.orDie),
    memberships: Effect.fn("Operator.memberships")(function* (id) {
      const rows = yield* service(
        db.query.member.findMany({
          where: { userId: id },
          columns: { role: true },
          with: { organization: { columns: { id: true, slug: true, name: true } } },
          orderBy: { createdAt: "asc" },
        }),
      );
      return rows.map(({ organization, role }) => ({ ...organization, role }));
    }, Effect.orDie),
    organization: Effect.fn("Operator.organization")(function* (slugOrId) {
      const where = SharedEntityIds.OrganizationId.is(slugOrId) ? { id: slugOrId } : { slug: slugOrId };
      const columns = { version: false, updatedAt: false } as const;
      const found = yield* service(db.query.organization.findFirst({ where, columns }));
      return found ?? (yield* missing("ORGANIZATION_NOT_FOUND", `organization "${slugOrId}"`));
    }, Effect.catchTags(reading)),
    organizations: Effect.fn("Operator.organizations")(function* ({ limit, offset, search }) {
      const pattern = `%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
      const where: SQL | undefined = or(ilike(organization.slug, pattern), ilike(organization.name, pattern));
      const members = db.$count(member, eq(member.organizationId, organization.id));
      return yield* service(
        Effect.gen(function* () {
          const organizations = yield* db
            .select({ ...organizationColumns, members })
            .from(organization)
            .where(where)
            .orderBy(asc(organization.slug))
            .limit(limit)
            .offset(offset);
          const [row] = yield* db.select({ total: count() }).from(organization).where(where);
          return { organizations, total: row?.total ?? 0 };
        }),
      );
    }, Effect.orDie),
    owner: Effect.fn("Operator.owner")((id) => service(ownerOf(id)), Effect.catchTags(reading)),
    apiKeys: Effect.fn("Operator.apiKeys")(function* (of) {
      return yield* service(
        db.query.apiKey.findMany({
          where: { referenceId: of },
          columns: { version: false, key: false },
          orderBy: { createdAt: "asc" },
        }),
      );
    }, Effect.orDie),
    revokeApiKey: Effect.fn("Operator.revokeApiKey")((id) => service(endKey(id)), Effect.catchTags(unexpected)),
    rotateApiKey: Effect.fn("Operator.rotateApiKey")(
      (id) =>
        service(
          Effect.gen(function* () {
            // First, because it locks the row: of two at once the second finds nothing when the first is done.
            const old = yield* endKey(id);
            if (old.enabled === false) {
              return yield* new Errors.AuthError({
                code: "KEY_DISABLED",
                status: 401,
                message: "The key is disabled.",
              });
            }
            const { createdAt, expiresAt, name, prefix, referenceId } = old;
            if (expiresAt !== null && expiresAt.getTime() <= (yield* Clock.currentTimeMillis)) {
              return yield* new Errors.AuthError({ code: "KEY_EXPIRED", status: 401, message: "The key has expired." });
            }
            const permissions = old.permissions === null ? null : yield* decodePermissions(old.permissions);
            const owner = SharedEntityIds.OrganizationId.is(referenceId)
              ? ({
                  configId: "organization",
                  organizationId: referenceId,
                  userId: (yield* ownerOf(referenceId)).id,
                } as const)
              : { userId: yield* decodeUserId(referenceId) };
            return yield* auth.api.createApiKey({
              body: {
                ...owner,
                ...stated({
                  name,
                  prefix,
                  permissions,
                  remaining: old.remaining,
                  refillAmount: old.refillAmount,
                  refillInterval: old.refillInterval,
                  rateLimitEnabled: old.rateLimitEnabled,
                  rateLimitTimeWindow: old.rateLimitTimeWindow,
                  rateLimitMax: old.rateLimitMax,
                  expiresIn: expiresAt === null ? null : Math.round((expiresAt.getTime() - createdAt.getTime()) / 1000),
                }),
              },
            });
          }),
        ),
      Effect.catchTags(unexpected),
    ),
  });
});

/** Installs what the operator's commands need. */
export const layer: Layer.Layer<Operator, never, Auth | IamDb | ServiceConnection> = Layer.effect(Operator, make);
