import { SharedEntityIds } from "@beep/shared-domain";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Directories } from "../../../src/auth/api/directories.ts";
import { type Answers, answer, list } from "./answers.ts";
import { type Operations, person } from "./verified.ts";

const { Date: Moment, Int, Literals, NullOr, String } = Schema;

const connection = answer({
  creationRequestId: String,
  connectionId: String,
  provisioningDomainId: SharedEntityIds.OrganizationId,
  status: Literals(["active", "decommissioning", "decommissioned"]),
  createdAt: Moment,
  createdBy: String,
  decommissionStartedAt: NullOr(Moment),
  decommissionStartedBy: NullOr(String),
  decommissionedAt: NullOr(Moment),
  decommissionedBy: NullOr(String),
});

const credential = answer({
  credentialId: String,
  status: Literals(["active", "expired", "revoked", "decommissioned"]),
  scopes: list(Literals(["scim.users.read", "scim.users.write", "scim.groups.read", "scim.groups.write"])),
  expiresAt: Moment,
  createdAt: Moment,
  createdBy: String,
  lastUsedAt: NullOr(Moment),
  revokedAt: NullOr(Moment),
  revokedBy: NullOr(String),
});

const issued = answer({ connection, credential, token: String });
const state = answer({ connection, credentials: list(credential) });

const answers = {
  createSCIMManagedConnection: issued,
  listSCIMManagedConnections: answer({ connections: list(connection) }),
  getSCIMManagedConnection: state,
  listSCIMManagedConnectionEvents: answer({
    events: list(
      answer({
        sequence: Int,
        type: Literals([
          "connection.created",
          "credential.issued",
          "credential.rotated",
          "credential.revoked",
          "connection.decommissioning",
          "connection.decommissioned",
        ]),
        actorId: String,
        credentialId: NullOr(String),
        createdAt: Moment,
      }),
    ),
  }),
  rotateSCIMManagedCredential: issued,
  revokeSCIMManagedCredential: state,
  decommissionSCIMManagedConnection: answer({
    ...state.fields,
    decommission: answer({
      status: Literals(["reconciling", "complete"]),
      retryAfter: NullOr(Moment),
      connectionId: Schema.optional(String),
      provisioningDomainId: Schema.optional(String),
      decommissionedAt: Schema.optional(NullOr(Moment)),
      completedAt: Schema.optional(NullOr(Moment)),
      reconciledUsers: Schema.optional(Int),
      batches: Schema.optional(Int),
    }),
  }),
  reconcileSCIMProjection: answer({
    provisioningDomainId: SharedEntityIds.OrganizationId,
    reconciledUsers: Int,
    batches: Int,
  }),
} satisfies Answers<keyof Directories>;

const forDirectories = "A directory calls it over HTTP, with the connection's token.";

/** Directories that provision organizations. */
export const directories = {
  title: "directories",
  answers,
  leftOut: {
    decommissionSCIMConnection:
      "It ends connections of the configuration, of which there are none; a managed one has an operation of its own.",
    createSCIMGroup: forDirectories,
    deleteSCIMGroup: forDirectories,
    getSCIMGroup: forDirectories,
    listSCIMGroups: forDirectories,
    patchSCIMGroup: forDirectories,
    replaceSCIMGroup: forDirectories,
    createSCIMUser: forDirectories,
    deleteSCIMUser: forDirectories,
    getSCIMUser: forDirectories,
    listSCIMUsers: forDirectories,
    patchSCIMUser: forDirectories,
    replaceSCIMUser: forDirectories,
    getSCIMServiceProviderConfig: forDirectories,
    getSCIMSchemas: forDirectories,
    getSCIMSchema: forDirectories,
    getSCIMResourceTypes: forDirectories,
    getSCIMResourceType: forDirectories,
  },
  scenario: Effect.fnUntraced(function* (api: Operations) {
    const { headers, id: actorId } = yield* person("dir");
    const { id: provisioningDomainId } = yield* api.createOrganization({
      headers,
      body: { name: "D", slug: "directories" },
    });
    const policy = {
      scopes: ["scim.users.read", "scim.users.write"],
      expiresAt: new Date((yield* Clock.currentTimeMillis) + 60_000),
    } as const;
    const { connection, credential } = yield* api.createSCIMManagedConnection({
      body: { creationRequestId: "directories-of-operations", provisioningDomainId, actorId, ...policy },
    });
    const { connectionId } = connection;
    const of = { connectionId, provisioningDomainId };
    yield* api.rotateSCIMManagedCredential({ body: { ...of, actorId, ...policy } });
    yield* api.revokeSCIMManagedCredential({ body: { ...of, actorId, credentialId: credential.credentialId } });
    yield* api.getSCIMManagedConnection({ body: of });
    yield* api.listSCIMManagedConnections({ body: { provisioningDomainId } });
    yield* api.reconcileSCIMProjection({ body: { provisioningDomainId } });
    yield* api.decommissionSCIMManagedConnection({ body: { ...of, actorId } });
    yield* api.decommissionSCIMManagedConnection({ body: { ...of, actorId } });
    yield* api.listSCIMManagedConnectionEvents({ body: of });
  }),
};
