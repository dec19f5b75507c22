import type { SharedEntityIds } from "@beep/shared-domain";

/** What a credential may be used for. */
export type DirectoryScope = "scim.users.read" | "scim.users.write" | "scim.groups.read" | "scim.groups.write";

/** A connection by which a directory provisions an organization. */
export interface DirectoryConnection {
  readonly creationRequestId: string;
  /** `ba_scim_connection_…` */
  readonly connectionId: string;
  readonly provisioningDomainId: SharedEntityIds.OrganizationId;
  readonly status: "active" | "decommissioning" | "decommissioned";
  readonly createdAt: Date;
  /** Who made it, in the words of whoever called. */
  readonly createdBy: string;
  readonly decommissionStartedAt: Date | null;
  readonly decommissionStartedBy: string | null;
  readonly decommissionedAt: Date | null;
  readonly decommissionedBy: string | null;
}

/** A credential of a connection, without the token that the directory presents. */
export interface DirectoryCredential {
  /** `ba_scim_credential_…` */
  readonly credentialId: string;
  readonly status: "active" | "expired" | "revoked" | "decommissioned";
  readonly scopes: ReadonlyArray<DirectoryScope>;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly createdBy: string;
  /** To within five minutes. */
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly revokedBy: string | null;
}

/** What happened to a connection. */
export interface DirectoryEvent {
  /** From 1, without a gap. */
  readonly sequence: number;
  readonly type:
    | "connection.created"
    | "credential.issued"
    | "credential.rotated"
    | "credential.revoked"
    | "connection.decommissioning"
    | "connection.decommissioned";
  readonly actorId: string;
  readonly credentialId: string | null;
  readonly createdAt: Date;
}

interface Policy {
  readonly scopes: ReadonlyArray<DirectoryScope>;
  readonly expiresAt: Date;
}

interface OfConnection {
  readonly connectionId: string;
  readonly provisioningDomainId: SharedEntityIds.OrganizationId;
}

/** Who does it, for the connection's record: a user's id, or whatever names the caller. */
interface By {
  readonly actorId: string;
}

/** The one answer that has the token. Of it only a digest is kept. */
interface Issued {
  readonly connection: DirectoryConnection;
  readonly credential: DirectoryCredential;
  readonly token: string;
}

interface State {
  readonly connection: DirectoryConnection;
  readonly credentials: ReadonlyArray<DirectoryCredential>;
}

/** How far the end of a connection has come. */
interface Decommission {
  readonly status: "reconciling" | "complete";
  /** When another process's attempt, if it died, may be taken over. */
  readonly retryAfter: Date | null;
}

/**
 * Directories that provision an organization by SCIM 2.0 (RFC 7644), below `/api/auth/scim/v2`. A connection's
 * `provisioningDomainId` is the organization's id.
 *
 * These operations have no route and ask nobody who they are: they are for the server's own code, which has to see first
 * that its caller may decide who belongs to the organization, an owner of it say.
 */
export interface Directories {
  /** Makes a connection and its first credential. */
  readonly createSCIMManagedConnection: (input: {
    readonly body: Policy &
      By & {
        /** 16 characters or more, which name this request: sent again, it is refused and makes no second connection. */
        readonly creationRequestId: string;
        readonly provisioningDomainId: SharedEntityIds.OrganizationId;
      };
  }) => Promise<Issued>;
  /** An organization's connections, the latest first. */
  readonly listSCIMManagedConnections: (input: {
    readonly body: { readonly provisioningDomainId: SharedEntityIds.OrganizationId };
  }) => Promise<{ readonly connections: ReadonlyArray<DirectoryConnection> }>;
  readonly getSCIMManagedConnection: (input: { readonly body: OfConnection }) => Promise<State>;
  /** The last hundred, the earliest first. */
  readonly listSCIMManagedConnectionEvents: (input: {
    readonly body: OfConnection;
  }) => Promise<{ readonly events: ReadonlyArray<DirectoryEvent> }>;
  /** Makes one credential more, five at most. The old ones work until they are revoked, or expire. */
  readonly rotateSCIMManagedCredential: (input: { readonly body: OfConnection & Policy & By }) => Promise<Issued>;
  readonly revokeSCIMManagedCredential: (input: {
    readonly body: OfConnection & By & { readonly credentialId: string };
  }) => Promise<State>;
  /**
   * Ends a connection for good: its credentials at once, then, fifty users at a time, what it gave. Called again it goes
   * on where it was broken off, and another process's attempt is taken over when its lease is over.
   */
  readonly decommissionSCIMManagedConnection: (input: {
    readonly body: OfConnection & By;
  }) => Promise<State & { readonly decommission: Decommission }>;
  /** Gives once more what an organization's directories say, as after a change of `Directories.GroupRoles`. */
  readonly reconcileSCIMProjection: (input: {
    readonly body: { readonly provisioningDomainId: SharedEntityIds.OrganizationId };
  }) => Promise<{
    readonly provisioningDomainId: SharedEntityIds.OrganizationId;
    readonly reconciledUsers: number;
    readonly batches: number;
  }>;
}
