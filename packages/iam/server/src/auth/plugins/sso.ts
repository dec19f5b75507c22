/**
 * Sign-in by the identity providers of organizations: Better Auth's plugin with its options, and, as hooks and around its
 * endpoints, what it leaves open. Each of these has a test that fails without it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createHmac } from "node:crypto";
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { tryGetCurrentAuthEndpointContext } from "@better-auth/core/context";
import { type SSOOptions, sso } from "@better-auth/sso";
import { createAuthMiddleware, getSessionFromCtx, isAPIError } from "better-auth/api";
import * as Predicate from "effect/Predicate";
import * as Redacted from "effect/Redacted";
import type { Pages } from "../pages.ts";
import type { Settings } from "../settings.ts";
import { isAdministrator } from "../standing.ts";
import { changed, registered } from "./sso/configuration.ts";
import { domainOf, speaksFor, withParents } from "./sso/domains.ts";
import { refusalOf, reject } from "./sso/identity.ts";
import { leadingTo, refusal } from "./sso/refusal.ts";
import { CLOCK_SKEW, digestAlgorithms, faultOf, MAX_RESPONSE_SIZE, signatureAlgorithms } from "./sso/samlResponse.ts";

/** How long a provider may take to answer all that a sign-in asks of it, in milliseconds. */
const PROVIDER_TIMEOUT = 10_000;

/** As much of a provider's row as is looked at here. */
interface Provider {
  readonly providerId: string;
  readonly domain: string;
  readonly domainVerified: boolean | null;
  readonly organizationId: string | null;
  readonly userId: string | null;
}

type Endpoint = NonNullable<BetterAuthPlugin["endpoints"]>[string];
type Input = Parameters<Endpoint>[0];

/** What a browser's way back from a provider has been given up for lack of an answer. */
const patience = new AsyncLocalStorage<AbortSignal>();

const isCallback = (path: string | undefined): boolean => path?.startsWith("/sso/callback") ?? false;
const isAssertion = (path: string | undefined): boolean => path === "/sso/saml2/sp/acs/:providerId";

/** What a settings' secret makes of a state, for the provider to put into its ID token. */
const nonceOf = (secret: Redacted.Redacted, state: string): string =>
  createHmac("sha256", Redacted.value(secret)).update(`@beep/iam sso nonce ${state}`).digest("base64url");

const options = ({ settings, pages }: Dependencies): SSOOptions => ({
  // Without it whoever registers a provider could speak for any domain.
  domainVerification: { enabled: true, tokenPrefix: "iam" },
  // By it an identity is known to be older than its provider.
  schema: {
    ssoProvider: { additionalFields: { createdAt: { type: "date", required: false, input: false, returned: false } } },
  },
  // An organization's provider makes members, never more.
  organizationProvisioning: { defaultRole: "member" },
  resolveUser: async (input, { database }) => {
    if (patience.getStore()?.aborted) return reject("SSO_PROVIDER_UNREACHABLE", "The provider answered too late.");
    const query: unknown = tryGetCurrentAuthEndpointContext()?.query;
    const state = Predicate.hasProperty(query, "state") ? query.state : undefined;
    const nonce = typeof state === "string" ? nonceOf(settings.secret, state) : undefined;
    return (await refusalOf(input, database, nonce)) ?? { action: "continue" };
  },
  saml: {
    enableInResponseToValidation: true,
    // Nobody asked for such a response, so that anybody's browser could be made to bring one.
    allowIdpInitiated: false,
    // Where nothing says where a response was to lead, it is refused, and the page of errors says why.
    idpInitiatedCallbackUrl: pages.error.href,
    requestTTL: 10 * 60_000,
    requireTimestamps: true,
    clockSkew: CLOCK_SKEW,
    algorithms: {
      onDeprecated: "reject",
      allowedSignatureAlgorithms: [...signatureAlgorithms],
      allowedDigestAlgorithms: [...digestAlgorithms],
    },
    maxResponseSize: MAX_RESPONSE_SIZE,
    maxMetadataSize: 100 * 1024,
    // It ends one session of several, cannot verify what is signed by redirection, and does not sign its own requests.
    enableSingleLogout: false,
  },
});

/** What it stands on. */
export interface Dependencies {
  readonly settings: Settings;
  readonly pages: Pages;
}

/** Better Auth's plugin for single sign-on. */
export const singleSignOn = (dependencies: Dependencies): BetterAuthPlugin => {
  const { settings, pages } = dependencies;
  const plugin: BetterAuthPlugin = sso(options(dependencies));

  /** Who may have a provider, and what of one is taken. */
  const registering = createAuthMiddleware(async (context) => {
    const { body, path } = context;
    const session = await getSessionFromCtx(context);
    // The endpoint itself answers who is not signed in, or sends no object.
    if (session === null || !Predicate.isObject(body)) return;
    const isNew = path === "/sso/register";
    const { organizationId, providerId }: Readonly<Record<string, unknown>> = { ...body };
    const { adapter } = context.context;
    const where = [{ field: "providerId", value: String(providerId) }];
    const provider = isNew ? null : await adapter.findOne<Provider>({ model: "ssoProvider", where });
    const isForAdministrators = isNew ? !organizationId : provider?.organizationId === null;
    if (isForAdministrators && !isAdministrator(session.user)) {
      throw refusal("FORBIDDEN", "SSO_NOT_ALLOWED", "A provider of no organization is for administrators.");
    }
    if (isForAdministrators && provider !== null && provider.userId !== session.user.id) {
      // Better Auth lets who registered it, and nobody else, so that it would be nobody's when that one has left.
      await adapter.update({ model: "ssoProvider", where, update: { userId: session.user.id } });
    }
    return { context: { body: isNew ? registered({ ...body }) : changed({ ...body }) } };
  });

  /** Takes the one provider that is verified: another may name the same domain, and be found first. */
  const choosing = createAuthMiddleware(async ({ body, context: { adapter } }) => {
    const { domain: stated, email, organizationSlug, providerId } = Object(body) as Readonly<Record<string, unknown>>;
    if (typeof providerId === "string" && providerId !== "") {
      const where = [{ field: "providerId", value: providerId }];
      const named = await adapter.findOne<Provider>({ model: "ssoProvider", where });
      if (named?.domainVerified) return;
      throw named === null
        ? refusal("NOT_FOUND", "SSO_PROVIDER_NOT_FOUND", "There is no such provider.")
        : refusal("UNAUTHORIZED", "SSO_PROVIDER_NOT_VERIFIED", "The provider's domain is not verified.");
    }
    const verified = { field: "domainVerified", value: true };
    const find = async () => {
      if (typeof organizationSlug === "string" && organizationSlug !== "") {
        const where = [{ field: "slug", value: organizationSlug }];
        const organization = await adapter.findOne<{ readonly id: string }>({ model: "organization", where });
        if (organization === null) return undefined;
        return (
          await adapter.findMany<Provider>({
            model: "ssoProvider",
            where: [verified, { field: "organizationId", value: organization.id }],
            sortBy: { field: "providerId", direction: "asc" },
          })
        ).at(0);
      }
      const domain = domainOf(typeof stated === "string" ? `somebody@${stated}` : String(email));
      if (domain === undefined) return undefined;
      const candidates = await adapter.findMany<Provider>({
        model: "ssoProvider",
        where: [
          verified,
          ...withParents(domain).map(
            (value) => ({ field: "domain", operator: "contains", value, connector: "OR" }) as const,
          ),
        ],
        sortBy: { field: "providerId", direction: "asc" },
      });
      return candidates.find((provider) => speaksFor(provider.domain, domain));
    };
    if (organizationSlug === undefined && stated === undefined && email === undefined) return;
    const provider = await find();
    if (provider === undefined) {
      throw refusal("NOT_FOUND", "SSO_PROVIDER_NOT_FOUND", "No verified provider is for this address.");
    }
    return { context: { body: { ...Object(body), providerId: provider.providerId } } };
  });

  /** OpenID Connect Core 3.1.2.1: the ID token is to be of this sign-in. */
  const addingNonce = createAuthMiddleware(async ({ context: { returned } }) => {
    if (!Predicate.hasProperty(returned, "url") || typeof returned.url !== "string") return;
    const url = new URL(returned.url);
    const state = url.searchParams.get("state");
    if (state === null) return;
    url.searchParams.set("nonce", nonceOf(settings.secret, state));
    return { ...returned, url: url.href };
  });

  const hidingSecrets = createAuthMiddleware(async ({ context: { returned } }) =>
    Predicate.isObject(returned) && !isAPIError(returned) ? withoutSecrets(returned) : undefined,
  );

  const examining = createAuthMiddleware(async ({ body, method }) => {
    if (method !== "POST" || !Predicate.isObject(body)) return;
    const { SAMLResponse, RelayState }: Readonly<Record<string, unknown>> = { ...body };
    if (typeof SAMLResponse !== "string") return;
    const fault = typeof RelayState !== "string" ? "It is of no sign-in here." : faultOf(SAMLResponse, Date.now());
    if (fault !== undefined) throw leadingTo(pages.error.href, "SSO_RESPONSE_INVALID", fault);
  });

  for (const [name, endpoint] of Object.entries(plugin.endpoints ?? {})) {
    if (plugin.endpoints === undefined) continue;
    const { path } = endpoint;
    const wrapped = (input: Input) => {
      if (isCallback(path)) {
        return patient(pages.error.href, () => endpoint(trusting(settings, adapting(input, joining))));
      }
      if (isAssertion(path)) return refusingSamlify(() => endpoint(adapting(input, joining)));
      if (path === "/sso/providers") return endpoint(adapting(input, listingAll));
      return refusingSamlify(() => endpoint(trusting(settings, input)));
    };
    plugin.endpoints[name] = Object.assign(wrapped, endpoint);
  }

  const at = (...paths: ReadonlyArray<string>) => ({
    matcher: ({ path }: { readonly path?: string | undefined }) => path !== undefined && paths.includes(path),
  });
  return {
    ...plugin,
    init: (context) => {
      const own = plugin.init?.(context);
      return { ...own, options: { databaseHooks: { user: { create: { before: confirming } } } } };
    },
    hooks: {
      before: [
        {
          ...at(
            "/sso/register",
            "/sso/update-provider",
            "/sso/delete-provider",
            "/sso/request-domain-verification",
            "/sso/verify-domain",
          ),
          handler: registering,
        },
        { ...at("/sign-in/sso"), handler: choosing },
        { matcher: ({ path }) => isAssertion(path), handler: examining },
        ...(plugin.hooks?.before ?? []),
      ],
      after: [
        { ...at("/sign-in/sso"), handler: addingNonce },
        { ...at("/sso/register"), handler: hidingSecrets },
        ...(plugin.hooks?.after ?? []),
      ],
    },
  };
};

/** Who is made by a provider has an address of its verified domain, and need not confirm it by a mail. */
const confirming = async <User extends object>(
  user: User,
  context: { readonly path?: string | undefined } | null,
): Promise<undefined | { data: User & { emailVerified: true } }> =>
  isCallback(context?.path) || isAssertion(context?.path) ? { data: { ...user, emailVerified: true } } : undefined;

/** Lets providers be asked that the installation names. Their pages are trusted no more than before. */
const trusting = ({ ssoOrigins }: Settings, input: Input): Input => {
  const context: AuthContext = input.context;
  const isTrusted = context.isTrustedOrigin.bind(context);
  // In place: it is this request's own, and what the endpoint puts there is read from there.
  context.isTrustedOrigin = (url, rules) =>
    isTrusted(url, rules) || (URL.canParse(url) && ssoOrigins.includes(new URL(url).origin));
  return input;
};

type Adapter = AuthContext["adapter"];

/** Has the endpoint read and write by another adapter; in place, as `trusting` does it. */
const adapting = (input: Input, other: (adapter: Adapter) => Partial<Adapter>): Input => {
  const context: AuthContext = input.context;
  context.adapter = { ...context.adapter, ...other(context.adapter) };
  return input;
};

/** Better Auth looks through all providers for those that somebody may see, and reads a hundred where nothing is said. */
const listingAll = ({ findMany }: Adapter): Partial<Adapter> => ({
  findMany: (query) => findMany(query.model === "ssoProvider" ? { limit: Number.MAX_SAFE_INTEGER, ...query } : query),
});

/** Better Auth looks whether somebody is a member, and makes a member; another sign-in may have come between. */
const joining = ({ create, findOne }: Adapter): Partial<Adapter> => ({
  create: async <Row extends Record<string, unknown>, Created = Row>(
    row: Parameters<typeof create<Row, Created>>[0],
  ) => {
    try {
      return await create<Row, Created>(row);
    } catch (error) {
      if (row.model !== "member" || !isAPIError(error) || error.body?.code !== "ALREADY_EXISTS") throw error;
      const where = ["organizationId", "userId"].map((field) => ({
        field,
        value: String(Reflect.get(row.data, field)),
      }));
      const member = await findOne<Created>({ model: "member", where });
      if (member === null) throw error;
      return member;
    }
  },
});

/** Gives a provider up that does not answer. What it answers afterwards signs nobody in. */
const patient = <A>(page: string, run: () => Promise<A>): Promise<A> => {
  const signal = AbortSignal.timeout(PROVIDER_TIMEOUT);
  const unreachable = () => leadingTo(page, "SSO_PROVIDER_UNREACHABLE", "The provider does not answer.");
  const givenUp = new Promise<never>((_, giveUp) => {
    signal.addEventListener("abort", () => giveUp(unreachable()), { once: true });
  });
  const answered = patience.run(signal, run).catch((error: unknown) => {
    // What `fetch` throws where there is no connection.
    throw error instanceof TypeError && error.message === "fetch failed" ? unreachable() : error;
  });
  return Promise.race([answered, givenUp]);
};

/** samlify throws where a configuration contradicts itself. */
const refusingSamlify = async <A>(run: () => Promise<A>): Promise<A> => {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Error) || isAPIError(error) || !/^ERR_[A-Z_]+/.test(error.message)) throw error;
    throw refusal("BAD_REQUEST", "SSO_CONFIGURATION_INVALID", `The provider cannot be used: ${error.message}.`);
  }
};

const secrets: ReadonlySet<string> = new Set([
  "clientSecret",
  "privateKey",
  "privateKeyPass",
  "encPrivateKey",
  "encPrivateKeyPass",
]);

const withoutSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!Predicate.isObject(value) || value instanceof Date) return value;
  const members = Object.entries(value).filter(([name]) => !secrets.has(name));
  return Object.fromEntries(members.map(([name, member]) => [name, withoutSecrets(member)]));
};
