/** What the operations have in common: how they are called, and the rows that they answer. */
import type { IamDbSchema } from "@beep/iam-tables";
import type { InferSelectModel, Table } from "drizzle-orm";

// What is called, and how

/** Without headers the server itself calls. */
export interface Called {
  readonly headers?: Headers;
}

/** Somebody calls whose session the headers carry. */
export interface CalledBy {
  readonly headers: Headers;
}

/**
 * An operation that begins, changes or ends a session, and so sets cookies. Who calls it for a browser asks for the
 * headers of its answer, and passes their `set-cookie` on.
 */
export interface SettingCookies<Input, Output> {
  (input: Input & { readonly returnHeaders: true }): Promise<WithHeaders<Output>>;
  (input: Input): Promise<Output>;
}

/** An answer, and the headers that go to the caller's browser with it. */
export interface WithHeaders<Output> {
  readonly headers: Headers;
  readonly response: Output;
}

/** Part of a list, in an order. */
export interface Page<R> {
  readonly limit?: number;
  readonly offset?: number;
  readonly sortBy?: keyof R & string;
  readonly sortDirection?: "asc" | "desc";
}

/** Those rows of a list whose field compares so with the value. */
export interface Filter<R> {
  readonly filterField?: keyof R & string;
  readonly filterValue?: string | number | boolean | Array<string> | Array<number>;
  readonly filterOperator?:
    | "eq"
    | "ne"
    | "lt"
    | "lte"
    | "gt"
    | "gte"
    | "in"
    | "not_in"
    | "contains"
    | "starts_with"
    | "ends_with";
}

type Permissions = Readonly<Record<string, ReadonlyArray<string>>>;

/** The actions on each resource, as Better Auth takes them. */
export type PermissionsInput = Record<string, Array<string>>;

// What is answered

/** A row as Better Auth gives it: without what only the database keeps. */
type Row<T extends Table> = Omit<InferSelectModel<T>, "version">;

/** What plugins know of users; it is absent where the plugin is not enabled. */
type OfPlugins =
  | "username"
  | "displayUsername"
  | "phoneNumber"
  | "phoneNumberVerified"
  | "isAnonymous"
  | "lastLoginMethod";
type FullUserRow = Row<typeof IamDbSchema.user>;
export type UserRow = Omit<FullUserRow, OfPlugins> & Partial<Pick<FullUserRow, OfPlugins>>;
export type SessionRow = Row<typeof IamDbSchema.session>;
/** An account without its secrets. */
export type AccountRow = Pick<
  InferSelectModel<typeof IamDbSchema.account>,
  "id" | "createdAt" | "updatedAt" | "accountId" | "providerId" | "userId"
> & { readonly scopes: ReadonlyArray<string> };
export type OrganizationRow = Omit<Row<typeof IamDbSchema.organization>, "updatedAt" | "suspendedAt">;
/** An organization as a change of it answers: with its metadata as they were given, and not as text. */
export type ChangedOrganization = Omit<OrganizationRow, "metadata"> & {
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
};
export type MemberRow = Omit<Row<typeof IamDbSchema.member>, "updatedAt">;
/** A member, and as much of the user as other members see. */
export type MemberWithUser = MemberRow & { readonly user: Pick<UserRow, "id" | "name" | "email" | "image"> };
export type InvitationRow = Omit<Row<typeof IamDbSchema.invitation>, "updatedAt">;
/** A team as one operation gives it: with the number of its members. */
export type FullTeamRow = Row<typeof IamDbSchema.team>;
export type TeamRow = Omit<FullTeamRow, "memberCount">;
export type TeamMemberRow = Pick<
  InferSelectModel<typeof IamDbSchema.teamMember>,
  "id" | "teamId" | "userId" | "createdAt"
>;
export type OrganizationRoleRow = Omit<Row<typeof IamDbSchema.organizationRole>, "permission"> & {
  readonly permission: Permissions;
};
export type ApiKeyRow = Omit<Row<typeof IamDbSchema.apiKey>, "key" | "metadata" | "permissions"> & {
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly permissions: Permissions | null;
};
/** What a user has let an OAuth client do. */
export type OAuthConsentRow = Row<typeof IamDbSchema.oauthConsent>;
/** What OAuth clients ask for tokens for, and how those are made. */
export type OAuthResourceRow = Row<typeof IamDbSchema.oauthResource>;

/** A passkey; its public key is no secret. */
export type PasskeyRow = Omit<Row<typeof IamDbSchema.passkey>, "updatedAt">;

/** A session and whose it is. */
export interface CurrentSession {
  readonly session: SessionRow;
  readonly user: UserRow;
}

/** The answer to a password that is right: a session, unless the second factor is still to come. */
export type SignedIn =
  | { readonly token: string; readonly user: UserRow }
  | { readonly twoFactorRedirect: true; readonly twoFactorMethods: ReadonlyArray<"totp"> };
