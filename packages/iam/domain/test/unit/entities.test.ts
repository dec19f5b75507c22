import { describe, expect, it } from "@effect/vitest";
import * as Arbitrary from "effect/Arbitrary";
import * as DateTime from "effect/DateTime";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as entities from "../../src/entities.ts";

type Entity = keyof typeof entities;

const variants = ["select", "insert", "update", "json", "jsonCreate", "jsonUpdate"] as const;
type Variant = (typeof variants)[number];

/** What a test needs to know of a variant's schema. */
type VariantSchema = Schema.Codec<object, object> & { readonly fields: Readonly<Record<string, Schema.Top>> };

const models = Object.entries(entities).map(([name, { Model }]) => ({
  // The keys of the namespace are the entities.
  name: name as Entity,
  // Each variant is a struct of plain fields, whose schemas need no services.
  variant: (variant: Variant) => Model[variant] as unknown as VariantSchema,
}));

const fieldsOf = (model: (typeof models)[number], variant: Variant): ReadonlyArray<string> =>
  Object.keys(model.variant(variant).fields);

/** Every column that holds a secret or its hash, or would help to find one. */
const secrets: Partial<Record<Entity, ReadonlyArray<string>>> = {
  Account: ["accessToken", "accessTokenExpiresAt", "idToken", "password", "refreshToken", "refreshTokenExpiresAt"],
  ApiKey: ["key"],
  DataKey: ["wrappedKey"],
  DeviceCode: ["deviceCode", "lastPolledAt", "pollingInterval", "userCode"],
  IdempotencyKey: ["fingerprint", "name", "response"],
  OauthAccessToken: ["authorizationCodeId", "token"],
  OauthClient: ["clientSecret"],
  OauthRefreshToken: ["authorizationCodeId", "rotationReplayExpiresAt", "rotationReplayResponse", "token"],
  OutboxMessage: ["payload"],
  RateLimit: ["count", "key", "lastRequest"],
  ScimConnectionBinding: [
    "connectionKey",
    "decommissionCursorUserId",
    "decommissionLeaseExpiresAt",
    "decommissionLeaseId",
    "decommissionRevision",
  ],
  ScimGroup: ["displayNameKey", "externalIdKey", "orderKey", "revision"],
  ScimGroupMember: ["membershipKey"],
  ScimIdentityTombstone: ["externalIdKey"],
  ScimManagedConnection: ["revision"],
  ScimManagedConnectionEvent: ["eventKey"],
  ScimManagedCredential: ["activeSlotKey", "hashVersion", "serializedScopes", "tokenDigest"],
  ScimProjectionGrant: ["grantKey"],
  ScimUser: [
    "connectionUserKey",
    "emailValueIndex",
    "externalIdKey",
    "orderKey",
    "serializedAttributes",
    "serializedEmails",
    "userNameKey",
    "workEmailValueIndex",
  ],
  Session: ["token"],
  SigningKey: ["privateKey"],
  SsoProvider: ["oidcConfig", "samlConfig"],
  TeamMember: ["membershipKey"],
  TwoFactor: ["backupCodes", "failedVerificationCount", "lockedUntil", "secret"],
  Verification: ["identifier", "value"],
  WebhookSubscription: ["previousSecret", "secret"],
};

/** How a secret's column is called; so that one of an entity to come is found here before it is listed above. */
const secretName =
  /^(?:key|value|identifier|hash|salt|seed|otp|pin|codes?|backupCodes)$|(?:token|secret|password|privateKey|keyHash|hashedKey|ciphertext|verifier)$/i;

/** Columns that are called like a secret and are none. */
const plain: Partial<Record<Entity, ReadonlyArray<string>>> = {
  // What it is called.
  Application: ["key"],
  // The URI of an API.
  OauthResource: ["identifier"],
  // By which messages wait for each other.
  OutboxMessage: ["key"],
  WebhookDelivery: ["key"],
};

/** Every column that an API client may set; what is not here only services set. */
const writable: Record<Entity, { readonly create: ReadonlyArray<string>; readonly update: ReadonlyArray<string> }> = {
  Account: { create: [], update: [] },
  ApiKey: { create: ["metadata"], update: ["metadata"] },
  Application: { create: ["name"], update: ["name"] },
  AuthorizationModel: { create: [], update: [] },
  DataKey: { create: [], update: [] },
  DeviceCode: { create: [], update: [] },
  IdempotencyKey: { create: [], update: [] },
  Invitation: { create: ["role", "teamId"], update: ["role", "teamId"] },
  LegalHold: { create: [], update: [] },
  Member: { create: ["role"], update: ["role"] },
  NotificationPreference: { create: ["channel", "enabled"], update: ["channel", "enabled"] },
  OauthAccessToken: { create: [], update: [] },
  OauthClient: { create: [], update: [] },
  OauthClientAssertion: { create: [], update: [] },
  OauthClientResource: { create: [], update: [] },
  OauthConsent: { create: [], update: [] },
  OauthRefreshToken: { create: [], update: [] },
  OauthResource: { create: [], update: [] },
  Organization: { create: ["logo", "metadata", "name", "slug"], update: ["logo", "metadata", "name", "slug"] },
  OrganizationRole: { create: ["permission", "role"], update: ["permission", "role"] },
  OutboxMessage: { create: [], update: [] },
  Passkey: { create: [], update: [] },
  RateLimit: { create: [], update: [] },
  ScimConnectionBinding: { create: [], update: [] },
  ScimGroup: { create: [], update: [] },
  ScimGroupMember: { create: [], update: [] },
  ScimIdentityTombstone: { create: [], update: [] },
  ScimManagedConnection: { create: [], update: [] },
  ScimManagedConnectionEvent: { create: [], update: [] },
  ScimManagedCredential: { create: [], update: [] },
  ScimMembership: { create: [], update: [] },
  ScimProjectionGrant: { create: [], update: [] },
  ScimSubject: { create: [], update: [] },
  ScimUser: { create: [], update: [] },
  Session: { create: [], update: [] },
  SigningKey: { create: [], update: [] },
  SsoProvider: { create: [], update: [] },
  Team: { create: ["name"], update: ["name"] },
  TeamMember: { create: [], update: [] },
  TwoFactor: { create: [], update: [] },
  User: { create: ["image", "name"], update: ["image", "name"] },
  Verification: { create: [], update: [] },
  WalletAddress: { create: [], update: [] },
  WebhookDelivery: { create: [], update: [] },
  WebhookSubscription: {
    create: ["actions", "description", "url"],
    update: ["actions", "description", "url"],
  },
};

/** Audit, limit, role and state columns, which only services may set, whatever their entity. */
const servicesOnly: ReadonlyArray<string> = [
  "id",
  "organizationId",
  "userId",
  "inviterId",
  "impersonatedBy",
  "referenceId",
  "accountId",
  "providerId",
  "createdAt",
  "updatedAt",
  "banned",
  "banReason",
  "banExpires",
  "email",
  "emailVerified",
  "twoFactorEnabled",
  "verified",
  "status",
  "expiresAt",
  "permissions",
  "scope",
  "enabled",
  "remaining",
  "refillInterval",
  "refillAmount",
  "lastRefillAt",
  "requestCount",
  "lastRequest",
  "memberCount",
  "ipAddress",
  "userAgent",
  "activeOrganizationId",
  "activeTeamId",
];
const servicesOnlyName = /^(?:rateLimit|locked|failed|last)|(?:Count|ExpiresAt|Until|By)$/;

/** Where such a column is the client's to set after all. */
const clients: Partial<Record<Entity, ReadonlyArray<string>>> = {
  // The preference itself, and no limit of a key.
  NotificationPreference: ["enabled"],
};

const sorted = (fields: ReadonlyArray<string>) => [...fields].sort();

describe.each(models)("$name", (model) => {
  const { name } = model;
  const secret = secrets[name] ?? [];

  it("ALN-4: has no secret in any JSON form", () => {
    for (const variant of ["json", "jsonCreate", "jsonUpdate"] as const) {
      const found = fieldsOf(model, variant).filter(
        (field) => secret.includes(field) || (secretName.test(field) && plain[name]?.includes(field) !== true),
      );
      expect({ variant, found }).toEqual({ variant, found: [] });
    }
  });

  it("ALN-4: keeps from JSON exactly the secrets that are listed", () => {
    const json = fieldsOf(model, "json");
    expect(sorted(fieldsOf(model, "select").filter((field) => !json.includes(field)))).toEqual(secret);
  });

  it("ALN-4: lets a client set what is listed and nothing else", () => {
    expect(sorted(fieldsOf(model, "jsonCreate"))).toEqual(writable[name].create);
    expect(sorted(fieldsOf(model, "jsonUpdate"))).toEqual(sorted([...writable[name].update, "version"]));
  });

  it("ALN-4: lets no client set an audit, limit, role or state column", () => {
    const allowed = clients[name] ?? [];
    const refused = (field: string) =>
      !allowed.includes(field) &&
      (servicesOnly.includes(field) || servicesOnlyName.test(field) || (name === "User" && field === "role"));
    expect(fieldsOf(model, "jsonCreate").filter((field) => refused(field) || field === "version")).toEqual([]);
    expect(fieldsOf(model, "jsonUpdate").filter(refused)).toEqual([]);
  });

  it("ALN-4: gives once what cannot change, and leaves to the database what it writes", () => {
    const select = fieldsOf(model, "select");
    const insert = fieldsOf(model, "insert");
    const update = fieldsOf(model, "update");
    // A provider's organization is a reference, and may be another or none.
    const once = ["createdAt", "id", ...(name === "SsoProvider" ? [] : ["organizationId"])].filter((field) =>
      select.includes(field),
    );
    // Drawn by the database.
    const drawn = name === "OutboxMessage" ? ["place"] : [];
    expect(sorted(select.filter((field) => !insert.includes(field)))).toEqual([...drawn, "updatedAt", "version"]);
    expect(sorted(select.filter((field) => !update.includes(field)))).toEqual(sorted([...once, ...drawn, "updatedAt"]));
    expect(insert.filter((field) => !select.includes(field))).toEqual([]);
    expect(update.filter((field) => !select.includes(field))).toEqual([]);
  });

  it.effect.each(variants)("ALN-4: a generated value survives encode and decode (%s)", (variant) =>
    Effect.gen(function* () {
      const schema = model.variant(variant);
      const isJson = variant.startsWith("json");
      const values = yield* Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 30 });
      for (const value of values) {
        const encoded = yield* Schema.encodeEffect(schema)(value);
        // JSON has no `undefined` and no `-0`; the database form is an object of its own.
        const carried: unknown = isJson ? JSON.parse(JSON.stringify(encoded)) : structuredClone(encoded);
        const decoded = yield* Schema.decodeUnknownEffect(schema)(carried);
        if (isJson) expect(normal(decoded)).toEqual(normal(value));
        // Not strictly: an object that came as JSON has another prototype.
        else expect(normal(decoded)).toEqual(normal(value));
        expect(yield* Schema.encodeEffect(schema)(decoded)).toEqual(isJson ? carried : encoded);
      }
    }),
  );
});

/** A value without what JSON does not carry: absent and `undefined` are alike there, `0` and `-0` too. */
const normal = (value: object): object =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, plainly(field)]),
  );

const plainly = (field: unknown): unknown => {
  if (field === 0) return 0;
  if (Array.isArray(field)) return field.map(plainly);
  const isJson = Object.prototype.toString.call(field) === "[object Object]" && !DateTime.isDateTime(field);
  return isJson ? normal(Object(field)) : field;
};

describe("the lists of this file", () => {
  it("ALN-4: name every entity, and only columns that there are", () => {
    expect(sorted(models.map(({ name }) => name))).toEqual(sorted(Object.keys(writable)));
    for (const model of models) {
      const select = fieldsOf(model, "select");
      const listed = [...(secrets[model.name] ?? []), ...writable[model.name].create, ...writable[model.name].update];
      expect(listed.filter((field) => !select.includes(field))).toEqual([]);
    }
    const everyField = new Set(models.flatMap((model) => fieldsOf(model, "select")));
    expect(servicesOnly.filter((field) => !everyField.has(field))).toEqual([]);
  });
});
