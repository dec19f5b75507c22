/**
 * What becomes of each field of Better Auth's that is a secret, or might be taken for one. The seam follows this table, and
 * the package's page shows it. No secret lies in clear in the database: one that is looked up is kept as a digest, one that
 * is read back is sealed. A field that a model keeps from clients and that has no line here turns a test red.
 */
import { KeyOwner } from "@beep/iam-domain";
import { SharedEntityIds } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import { getColumns, getTableName, is } from "drizzle-orm";
import { getTableConfig, type PgColumn, type PgTable } from "drizzle-orm/pg-core";
import { tables } from "./models.ts";

/** How a field is kept, and why so. */
export type Decision = {
  readonly because: string;
} & (
  | {
      /** Sealed at the seam, as the table states, and opened there; `compared` where an update may ask for what was read. */
      readonly kept: "sealed";
      readonly compared?: true;
    }
  | {
      /** As a digest that the seam makes. */
      readonly kept: "digested";
      readonly by: "SHA-256" | "HMAC";
      /** Whether rows are listed to their owners, who name one by the digest that they were shown. */
      readonly listed?: true;
    }
  | {
      /** It comes to the seam as a digest or a ciphertext, which somebody else has made. */
      readonly kept: "already";
      readonly by: string;
    }
  | {
      /** It is no secret. */
      readonly kept: "open";
    }
);

const sealed = (because: string): Decision => ({ kept: "sealed", because });
const open = (because: string): Decision => ({ kept: "open", because });
const already = (by: string, because: string): Decision => ({ kept: "already", by, because });
const digested = (by: "SHA-256" | "HMAC", because: string): Decision => ({ kept: "digested", by, because });

const bySha256 = "Better Auth, SHA-256";
const codeNamed = "it names the code by its hash, so that a code redeemed twice ends its tokens";
const provider = "what a provider lets us do in the user's name; refreshing and asking need it again";
const schedule = "when, or how often: kept from clients because it is nothing to them";
const directoryKey = "what a directory names its rows by, looked up and sorted by; no credential";

/** By Better Auth's names of models and fields. */
export const decisions: Readonly<Record<string, Readonly<Record<string, Decision>>>> = {
  account: {
    accessToken: sealed(provider),
    refreshToken: sealed(provider),
    idToken: sealed("what a provider says of the user, and a hint when signing out there"),
    password: already("`password/hashing.ts`, argon2id", "it is only compared"),
    accessTokenExpiresAt: open(schedule),
    refreshTokenExpiresAt: open(schedule),
  },
  apikey: {
    key: already(bySha256, "64 random letters that are looked up"),
    start: open("the first six letters, by which its owner knows a key in a list; 58 others are left to guess"),
  },
  dataKey: {
    wrappedKey: already("the key management, AES-256-GCM", "the key that wraps it is not in the database"),
  },
  deviceCode: {
    deviceCode: digested("SHA-256", "40 random letters that a device asks with"),
    userCode: digested("HMAC", "eight letters that a person types: from a plain hash they would soon be found"),
    lastPolledAt: open(schedule),
    pollingInterval: open(schedule),
  },
  invitation: {
    id: open("it stands in the mailed link, and accepting asks for a session of the address besides"),
  },
  jwks: {
    privateKey: sealed("it signs tokens"),
  },
  oauthAccessToken: {
    token: already(bySha256, "random letters that are looked up"),
    authorizationCodeId: already(bySha256, codeNamed),
  },
  oauthClient: {
    clientSecret: already(bySha256, "random letters that are only compared"),
  },
  oauthRefreshToken: {
    token: already(bySha256, "random letters that are looked up"),
    authorizationCodeId: already(bySha256, codeNamed),
    rotationReplayResponse: sealed("the tokens that a client was given which lost the answer"),
    rotationReplayExpiresAt: open(schedule),
  },
  passkey: {
    name: sealed("personal: what a person calls a device; nobody looks it up"),
    publicKey: open("it verifies signatures and makes none"),
    credentialID: open("the authenticator's name for a key, which proves nothing and is looked up"),
  },
  rateLimit: {
    key: digested("HMAC", "it has the client's address in it, which is personal, and there are few addresses"),
    count: open(schedule),
    lastRequest: open(schedule),
  },
  scimConnectionBinding: {
    connectionKey: open(directoryKey),
    decommissionCursorUserId: open(schedule),
    decommissionRevision: open(schedule),
    decommissionLeaseId: open("who is at work on it; no credential"),
    decommissionLeaseExpiresAt: open(schedule),
  },
  scimGroup: {
    displayNameKey: open(directoryKey),
    externalIdKey: open(directoryKey),
    orderKey: open(directoryKey),
    revision: open(schedule),
  },
  scimGroupMember: { membershipKey: open(directoryKey) },
  scimIdentityTombstone: {
    externalIdKey: open(directoryKey),
    profile: sealed("personal: what a directory said of somebody whom it has deleted; nobody looks it up"),
  },
  scimManagedConnection: { revision: open(schedule) },
  scimManagedConnectionEvent: { eventKey: open(directoryKey) },
  scimManagedCredential: {
    tokenDigest: already("Better Auth, HMAC-SHA-256 under a key made of `IAM_SECRET`", "a token that is looked up"),
    activeSlotKey: open(directoryKey),
    hashVersion: open("which hash the digest is"),
    serializedScopes: open("what the token permits"),
  },
  scimProjectionGrant: { grantKey: open(directoryKey) },
  scimUser: {
    connectionUserKey: open(directoryKey),
    userNameKey: open(directoryKey),
    externalIdKey: open(directoryKey),
    orderKey: open(directoryKey),
    emailValueIndex: open("addresses, which directories search by"),
    workEmailValueIndex: open("addresses, which directories search by"),
    serializedEmails: open("the same addresses, as the directory wrote them"),
    serializedAttributes: open("what else the directory wrote of somebody who is there; personal, and no credential"),
  },
  session: {
    token: {
      ...digested("SHA-256", "32 random letters in a signed cookie; who lists sessions ends one by its digest"),
      kept: "digested",
      by: "SHA-256",
      listed: true,
    },
    ipAddress: sealed("personal: where somebody was; nobody looks it up"),
    userAgent: sealed("personal: by what somebody came; nobody looks it up"),
  },
  ssoProvider: {
    oidcConfig: sealed("it has the secret of the client that we are at the provider"),
    samlConfig: sealed("it has the keys by which we sign and decrypt"),
  },
  teamMember: { membershipKey: open("a team and a user, so that nobody is in a team twice") },
  twoFactor: {
    secret: sealed("codes are computed from it; Better Auth's own encryption, which cannot be put off, is within"),
    backupCodes: {
      kept: "sealed",
      compared: true,
      because: "they are read to be struck off one by one; an update asks for those that it has read",
    },
    failedVerificationCount: open(schedule),
    lockedUntil: open(schedule),
  },
  user: {
    image: open("tenants read it in SQL, as they read names and addresses"),
    banReason: open("an administrator's word, by which administrators search"),
  },
  verification: {
    identifier: digested(
      "HMAC",
      "it is looked up: a token of a link, or a mail address or number that could be guessed",
    ),
    value: sealed("codes, states, challenges, tokens of sessions, and whom a link is for"),
  },
  walletAddress: {
    address: open("it is looked up, and public on its chain"),
  },
};

/** By Better Auth's names of its fields. */
export type Row = Readonly<Record<string, unknown>>;

/** Whose key seals what a row holds. */
export interface Owner {
  readonly type: "user" | "organization" | "installation";
  /** The fields of the row by which that is known. */
  readonly fields: ReadonlyArray<string>;
  readonly of: (row: Row) => KeyOwner.KeyOwner;
}

const user: Owner = {
  type: "user",
  fields: ["userId"],
  of: ({ userId }) => KeyOwner.user(SharedEntityIds.UserId.make(String(userId))),
};

const installation: Owner = { type: "installation", fields: [], of: () => KeyOwner.installation };

/** What nobody's organization has configured, the installation has. */
const organization: Owner = {
  type: "organization",
  fields: ["organizationId"],
  of: ({ organizationId }) =>
    SharedEntityIds.OrganizationId.is(organizationId) ? KeyOwner.organization(organizationId) : KeyOwner.installation,
};

/** The owners of what models hold that have something sealed. */
const owners: Readonly<Record<string, Owner>> = {
  account: user,
  jwks: installation,
  oauthRefreshToken: user,
  passkey: user,
  scimIdentityTombstone: user,
  session: user,
  ssoProvider: organization,
  twoFactor: user,
  verification: installation,
};

/** How the rows of a model keep their secrets. */
export interface Plan {
  readonly model: string;
  readonly table: PgTable;
  readonly tableName: string;
  readonly owner: Owner;
  /** The columns of what is sealed, by the names of their fields. */
  readonly sealed: ReadonlyMap<string, PgColumn>;
  /** What an update may ask for as it was read. */
  readonly compared: ReadonlySet<string>;
  readonly digested: ReadonlyMap<string, Extract<Decision, { readonly kept: "digested" }>>;
}

/** The fields that a table states to be sealed. */
export const sealedFields = (table: PgTable): ReadonlyMap<string, PgColumn> => {
  const services = getTableConfig(table).policies.find((policy) => is(policy, Table.ServiceSeesAll));
  const stated = is(services, Table.ServiceSeesAll) ? services.facts.sealed : [];
  return new Map(Object.entries(getColumns(table)).filter(([, column]) => stated.includes(column.name)));
};

const planOf = ([model, table]: readonly [string, PgTable]): ReadonlyArray<Plan> => {
  const fields = Object.entries(decisions[model] ?? {});
  const sealed = sealedFields(table);
  const owner = owners[model];
  if (sealed.size > 0 && owner === undefined) throw new Error(`Nobody is said to own what ${model} has sealed.`);
  const digested = new Map(
    fields.flatMap(([field, decision]) => (decision.kept === "digested" ? [[field, decision] as const] : [])),
  );
  if (sealed.size === 0 && digested.size === 0) return [];
  const compared = new Set(
    fields.flatMap(([field, decision]) => (decision.kept === "sealed" && decision.compared ? [field] : [])),
  );
  return [{ model, table, tableName: getTableName(table), owner: owner ?? installation, sealed, compared, digested }];
};

/** The plans of the models that have secrets to keep. */
export const plans: ReadonlyMap<string, Plan> = new Map(
  Object.entries<PgTable>(tables)
    .flatMap(planOf)
    .map((plan) => [plan.model, plan]),
);
