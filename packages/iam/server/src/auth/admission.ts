/**
 * Who is let into an organization by Better Auth's endpoints: by the same look-up, and with the same refusal, as our own
 * services. An endpoint then sees that organization's rows and no others, and what changes an organization comes after
 * whatever changes it at the moment.
 */
import { Problems } from "@beep/iam-domain";
import { IamEntityIds, Principal, SharedEntityIds } from "@beep/shared-domain";
import type { BetterAuthPlugin } from "@better-auth/core";
import type { Where } from "@better-auth/core/db/adapter";
import { APIError } from "@better-auth/core/error";
import { createAuthMiddleware, getSessionFromCtx } from "better-auth/api";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import * as Schema from "effect/Schema";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import * as Tenancy from "../tenancy/Tenancy.ts";
import { invalidId } from "./malformed.ts";
import * as promises from "./promises.ts";
import { Current, type Sight } from "./sight.ts";
import { isChanging } from "./transactional.ts";

type OrganizationId = SharedEntityIds.OrganizationId;
const { is: isOrganizationId } = SharedEntityIds.OrganizationId;

/** What endpoints ask before they begin. */
export interface Admission {
  /** Lets a principal into an organization, and says into which. With `lock` nobody else changes it meanwhile. */
  readonly letIn: (
    principal: Principal.Principal,
    named: Tenancy.Named,
    lock: boolean,
  ) => Promise<OrganizationId | undefined>;
  /** The organizations of a user that are suspended. */
  readonly suspendedOf: (userId: SharedEntityIds.UserId) => Promise<Array<OrganizationId>>;
  /** The suspended organizations that have invited an address. */
  readonly suspendedInviting: (email: string) => Promise<Array<OrganizationId>>;
}

/** On the connection that Better Auth's adapter has, and in its transactions. */
export const makeAdmission = (connection: ServiceConnection["Service"]): Admission => ({
  letIn: (principal, named, lock) =>
    promises.leave(
      Tenancy.letIn(principal, named, lock).pipe(
        Effect.map(({ organizationId }) => organizationId),
        Effect.catchTag("TenantNotFound", () => Effect.succeed(undefined)),
        Effect.provideService(ServiceConnection, connection),
      ),
    ),
  suspendedOf: async (userId) => {
    const rows = await promises.leave(
      connection.statement(connection.client<{ readonly id: string }>`
        select o.id from iam_organizations o join iam_members m on m.organization_id = o.id
        where m.user_id = ${SharedEntityIds.UserId.toUuid(userId)} and o.suspended_at is not null`),
    );
    return rows.map(({ id }) => SharedEntityIds.OrganizationId.fromUuid(id));
  },
  suspendedInviting: async (email) => {
    const rows = await promises.leave(
      connection.statement(connection.client<{ readonly id: string }>`
        select distinct o.id from iam_organizations o join iam_invitations i on i.organization_id = o.id
        where i.email = ${email.toLowerCase()} and i.status = 'pending' and o.suspended_at is not null`),
    );
    return rows.map(({ id }) => SharedEntityIds.OrganizationId.fromUuid(id));
  },
});

/** The rows of one organization. */
const within = (organizationId: OrganizationId, seeksOwners: boolean): Sight => ({
  condition: () => ({ field: "organizationId", value: organizationId }),
  shows: () => Promise.resolve(true),
  seeksOwners,
});

/** No rows of any: so whatever an endpoint finds is answered as what does not exist, in that endpoint's own words. */
const nowhere = (): Sight => within(SharedEntityIds.OrganizationId.create(), false);

/** The rows of a model but for those of suspended organizations. */
const butOf = (suspended: Array<OrganizationId>, of: "member" | "invitation"): Sight => {
  const condition: Where = { field: "organizationId", operator: "not_in", value: suspended };
  return {
    condition: (model) => (model === of && suspended.length > 0 ? condition : undefined),
    shows: () => Promise.resolve(true),
    seeksOwners: false,
  };
};

/** The rows of all organizations that the user is in. */
const own = async ({ suspendedOf }: Admission, userId: SharedEntityIds.UserId): Promise<Sight> =>
  butOf(await suspendedOf(userId), "member");

/** The invitations of an address. */
const inviting = async ({ suspendedInviting }: Admission, email: string): Promise<Sight> =>
  butOf(await suspendedInviting(email), "invitation");

/** The models whose rows an organization has, by the field that says which. */
const belongings: ReadonlyMap<string, string> = new Map([
  ["apikey", "referenceId"],
  ["ssoProvider", "organizationId"],
  ["scimManagedConnection", "provisioningDomainId"],
]);

/** What belongs to organizations that let the principal in, or to none. */
const belonging = ({ letIn }: Admission, principal: () => Principal.Principal): Sight => ({
  condition: () => undefined,
  shows: async (model, row) => {
    const field = belongings.get(model);
    if (field === undefined) return true;
    const owner: unknown = row === null ? undefined : Reflect.get(row, field);
    const isOrganizations = isOrganizationId(owner);
    // Asked of an organization that is nobody's, too: else the time of the answer told whether there is something.
    const id = isOrganizations ? owner : SharedEntityIds.OrganizationId.create();
    const isLetIn = (await letIn(principal(), { by: "id", id }, false)) !== undefined;
    return !isOrganizations || isLetIn;
  },
  seeksOwners: false,
});

const SessionOfUser = Schema.Struct({
  session: Schema.Struct({
    id: IamEntityIds.SessionId,
    impersonatedBy: Schema.optional(Schema.NullOr(SharedEntityIds.UserId)),
    activeOrganizationId: Schema.optional(Schema.NullOr(SharedEntityIds.OrganizationId)),
    activeTeamId: Schema.optional(Schema.NullOr(SharedEntityIds.TeamId)),
  }),
  user: Schema.Struct({ id: SharedEntityIds.UserId, email: Schema.String }),
});
const decodeSession = Schema.decodeUnknownSync(Schema.NullOr(SessionOfUser));

/** Better Auth's session, as much of it as is looked at. */
type Session = typeof SessionOfUser.Type | null;

/** The user of a session. Without one it is trusted code that calls, since a request would be refused. */
const principalOf = (session: Session): Principal.Principal =>
  session === null
    ? Principal.system("better-auth")
    : {
        _tag: "User",
        userId: session.user.id,
        impersonatedBy: session.session.impersonatedBy ?? null,
        credential: { _tag: "Session", sessionId: session.session.id },
      };

/** What a request says. */
interface Asked {
  readonly body: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
}

/** The first that is a text and says something. */
const firstOf = (...values: ReadonlyArray<unknown>): string | undefined =>
  values.filter(Predicate.isString).find((value) => value !== "");

/** The organization that a request names by its id. */
const idIn = ({ body, query }: Asked): Tenancy.Named | undefined => {
  const data = Predicate.hasProperty(body.data, "organizationId") ? body.data.organizationId : undefined;
  const id = firstOf(body.organizationId, data, query.organizationId);
  if (id === undefined) return undefined;
  if (!isOrganizationId(id)) throw invalidId("organizationId", SharedEntityIds.OrganizationId);
  return { by: "id", id };
};

const slugIn = (slug: unknown): Tenancy.Named | undefined =>
  firstOf(slug) === undefined ? undefined : { by: "slug", slug: String(slug) };

/** By its slug or its id, in the order in which the endpoints look, or else the session's active one. */
const organizationIn = (asked: Asked, session: Session): Tenancy.Named | undefined => {
  const named = slugIn(asked.query.organizationSlug) ?? idIn(asked) ?? slugIn(asked.body.organizationSlug);
  if (named !== undefined) return named;
  const id = session?.session.activeOrganizationId;
  return isOrganizationId(id) ? { by: "id", id } : undefined;
};

const invitationIn = (id: unknown, session: Session, by: "invitation" | "addressee"): Tenancy.Named | undefined => {
  if (!IamEntityIds.InvitationId.is(id)) return undefined;
  return by === "invitation" ? { by, id } : { by, id, email: session?.user.email ?? "" };
};

/** How endpoints name an organization that they are not told: by something of it. */
const named: Readonly<Record<string, (asked: Asked, session: Session) => Tenancy.Named | undefined>> = {
  cancelInvitation: ({ body }, session) => invitationIn(body.invitationId, session, "invitation"),
  acceptInvitation: ({ body }, session) => invitationIn(body.invitationId, session, "addressee"),
  rejectInvitation: ({ body }, session) => invitationIn(body.invitationId, session, "addressee"),
  getInvitation: ({ query }, session) => invitationIn(query.id, session, "addressee"),
  listTeamMembers: ({ query }, session) => {
    const id = query.teamId || session?.session.activeTeamId;
    return SharedEntityIds.TeamId.is(id) ? { by: "team", id } : undefined;
  },
};

/** Endpoints about no organization that there is: they see nothing of one but whether a slug is free. */
const withoutOrganization: ReadonlySet<string> = new Set(["createOrganization", "checkOrganizationSlug"]);

/** Endpoints that change a session, and nothing of an organization. */
const ofTheSession: ReadonlySet<string> = new Set(["setActiveOrganization", "setActiveTeam"]);

/** Endpoints of trusted code alone, whoever's session it has. */
const ofTheServer: ReadonlySet<string> = new Set(["addMember"]);

/** Endpoints that read the members to see whether an owner is left. */
const seekingOwners: ReadonlySet<string> = new Set(["leaveOrganization", "removeMember", "updateMemberRole"]);

/** Whether a request is about all organizations that its user is in. */
const isAboutOwn = (name: string, { query }: Asked, userId: string): boolean =>
  name === "listOrganizations" ||
  name === "listSSOProviders" ||
  (name === "listUserTeams" && !query.organizationId && (!query.userId || query.userId === userId));

/** Whether a request lets go of what is active in its session. */
const isLettingGo = (name: string, { body }: Asked): boolean =>
  (name === "setActiveOrganization" && body.organizationId === null) ||
  (name === "setActiveTeam" && body.teamId === null);

const notFound = () => {
  const { code, detail } = new Problems.TenantNotFound();
  return new APIError("NOT_FOUND", { code, message: detail });
};

type Endpoint = NonNullable<BetterAuthPlugin["endpoints"]>[string];
type Input = Parameters<Endpoint>[0];

/** What is asked of a request, once it is known to be well formed. */
interface Request extends Asked {
  readonly session: () => Promise<Session>;
  /** Whether it is a call by trusted code in nobody's name. */
  readonly isTrusted: boolean;
}

/**
 * Wraps an endpoint, which is then shown what `sight` finds.
 *
 * @param first what it is shown until then, and where nothing is found
 */
const seeing = (
  endpoint: Endpoint,
  sight: (request: Request) => Promise<Sight | undefined>,
  first: (input: Input) => Sight | undefined = () => undefined,
): Endpoint => {
  const look = createAuthMiddleware(async (context) => {
    const running = promises.reference(Current);
    // Whoever has lost where it runs is not let see anything.
    if (running === undefined) throw new Error("An endpoint of organizations runs without what it may see.");
    const isPost = [endpoint.options.method].flat().includes("POST");
    const found = await sight({
      // Where the endpoint itself looks: what stands elsewhere names another organization for us than for it.
      body: isPost ? { ...context.body } : {},
      query: isPost ? {} : { ...context.query },
      session: async () => decodeSession(await getSessionFromCtx(context)),
      isTrusted: context.request === undefined && context.headers === undefined,
    });
    if (found !== undefined) running.sight = found;
  });
  // In place, because the endpoint reads its own; and last, so that what the others refuse is refused alike.
  Object.assign(endpoint.options, { use: [...(endpoint.options.use ?? []), look] });
  const wrapped = (input: Input) => promises.having(Current, { sight: first(input) }, () => endpoint(input));
  return Object.assign(wrapped, endpoint);
};

/** What an endpoint about an organization is shown: that organization's rows, if it lets the caller in. */
const sightOf = async (admission: Admission, name: string, lock: boolean, request: Request): Promise<Sight> => {
  const session = await request.session();
  const isOfTheServer = ofTheServer.has(name);
  // The endpoint refuses who has no session.
  if ((session === null && !request.isTrusted && !isOfTheServer) || isLettingGo(name, request)) return nowhere();
  if (session !== null && isAboutOwn(name, request, session.user.id)) return own(admission, session.user.id);
  if (name === "listUserInvitations") {
    return inviting(admission, session?.user.email ?? String(request.query.email));
  }
  const something = named[name];
  const organization = (something ?? organizationIn)(request, session);
  if (organization === undefined) return nowhere();
  const id = await admission.letIn(principalOf(isOfTheServer ? null : session), organization, lock);
  if (id !== undefined) return within(id, seekingOwners.has(name));
  if (something === undefined) throw notFound();
  return nowhere();
};

/** Has the plugin of organizations act for those whom an organization lets in, one change after the other. */
export const lettingIn = <Plugin extends BetterAuthPlugin>(plugin: Plugin, admission: Admission): Plugin => {
  for (const [name, endpoint] of Object.entries(plugin.endpoints ?? {})) {
    if (plugin.endpoints === undefined || withoutOrganization.has(name)) continue;
    const lock = isChanging(name, endpoint) && !ofTheSession.has(name);
    plugin.endpoints[name] = seeing(endpoint, (request) => sightOf(admission, name, lock, request));
  }
  return plugin;
};

/**
 * Has a plugin see what belongs to an organization only for whom that organization lets in: keys, identity providers,
 * directories. What is asked for by its own id and belongs to a suspended one is there for nobody.
 */
export const lettingSee = <Plugin extends BetterAuthPlugin>(plugin: Plugin, admission: Admission): Plugin => {
  for (const [name, endpoint] of Object.entries(plugin.endpoints ?? {})) {
    // Without a route it is for trusted code, which also ends what a suspended organization has.
    if (plugin.endpoints === undefined || endpoint.path === undefined) continue;
    const sight = async (request: Request): Promise<Sight | undefined> => {
      const organization = idIn(request);
      const session = organization !== undefined || name === "listSSOProviders" ? await request.session() : null;
      if (session !== null && isAboutOwn(name, request, session.user.id)) return own(admission, session.user.id);
      if (organization === undefined || (session === null && !request.isTrusted)) return undefined;
      if ((await admission.letIn(principalOf(session), organization, false)) === undefined) throw notFound();
      return undefined;
    };
    // Whose session it is, is known by the time that something is found.
    const first = ({ context }: Input) =>
      belonging(admission, () => principalOf(decodeSession(context.session ?? null)));
    plugin.endpoints[name] = seeing(endpoint, sight, first);
  }
  return plugin;
};
