/**
 * The OAuth 2.1 authorization server and OpenID provider. Its issuer is the origin of `IAM_BASE_URL`; `IamHttp` has its
 * discovery documents at the origin's root, and everything else is below `/api/auth/oauth2`.
 *
 * A browser that needs somebody is sent to a page, whose whole query is signed and stands for ten minutes. With its
 * requests the page sends it back as `oauth_query`: the query as it stands in the address, without `?`. What is answered,
 * `{ redirect: true, url }`, is where the browser goes next: to another page, or back to the client. A query that was
 * changed or is too old is 400 `{ error: "invalid_signature" }`: the person begins again at the client.
 *
 * - Page to sign in: `client_id`, `scope` and the rest of the request are in its query. It is shown to somebody who is
 *   signed in too, since the client may ask for that. `POST /oauth2/public-client-prelogin { client_id, oauth_query }`
 *   says who asks. Whatever request begins the session takes `oauth_query` in its body: `/sign-in/email`,
 *   `/two-factor/verify-totp` (after `twoFactorRedirect`, with the same query), and so on.
 * - Page to sign up, where the client asks for an account to be made (`prompt=create`): once there is a session,
 *   `POST /oauth2/continue { created: true, oauth_query }`.
 * - Page of consent: `GET /oauth2/public-client?client_id=` with the session says who asks, and `scope` in the query what
 *   for. `POST /oauth2/consent { accept: true | false, oauth_query }`, with `scope` for fewer of them than were asked for.
 * - Page of a device, with `?user_code=`: `GET /device?user_code=` with the session makes the code this user's and says
 *   what is asked, `{ user_code, status, client_id, scope }`; `POST /device/approve { userCode }` or `/device/deny`.
 */
import type { BetterAuthPlugin } from "@better-auth/core";
import { APIError } from "@better-auth/core/error";
import { type OAuthOptions, oauthProvider } from "@better-auth/oauth-provider";
import { isAPIError } from "better-auth/api";
import * as Clock from "effect/Clock";
import type { Directories } from "../directories/Directories.ts";
import type { Pages } from "../pages.ts";
import { ACCESS_TOKEN_PREFIX } from "../principals/credentials.ts";
import * as promises from "../promises.ts";
import type { Settings } from "../settings.ts";
import { isAdministrator, isBanned } from "../standing.ts";
import { verifyingAccessTokens } from "./accessTokens.ts";

type User = Parameters<NonNullable<OAuthOptions["customAccessTokenClaims"]>>[0]["user"];

/**
 * Refuses somebody who is banned, or whose directory has ended the account: that ends sessions, and tokens may outlive the
 * session in which they were asked for.
 */
const refusingWhoMayNot =
  ({ mayBeginSession }: Directories) =>
  async ({ user }: { readonly user?: User }): Promise<Record<string, never>> => {
    const refused = (description: string) =>
      new APIError("BAD_REQUEST", { error: "invalid_grant", error_description: description });
    if (isBanned(user, await promises.leave(Clock.currentTimeMillis))) throw refused("The user is banned.");
    if (user) {
      await mayBeginSession(user.id).catch((error: unknown) => {
        throw isAPIError(error) ? refused(error.message) : error;
      });
    }
    return {};
  };

const administers = ({ user }: { readonly user?: Readonly<Record<string, unknown>> }): boolean => isAdministrator(user);

/** The provider; PKCE with S256, hashed secrets and tokens, and no registration by strangers are its own defaults. */
const provider = ({ oauthScopes }: Settings, pages: Pages, directories: Directories) =>
  oauthProvider({
    scopes: ["openid", "profile", "email", "offline_access", ...oauthScopes],
    loginPage: pages.signIn.address,
    consentPage: pages.consent.address,
    signup: { page: pages.signUp.address },
    // Who is to choose an account signs in with it.
    selectAccount: { page: pages.signIn.address, shouldRedirect: () => false },
    allowPublicClientPrelogin: true,
    // Clients and resources are the installation's, and not the administrator's who made them.
    clientReference: () => "installation",
    clientPrivileges: administers,
    resourcePrivileges: administers,
    // Seconds. A resource's tokens cannot be revoked.
    accessTokenExpiresIn: 15 * 60,
    idTokenExpiresIn: 60 * 60,
    // A rotated refresh token stolen later ends its whole family; whose answer was lost asks again at once.
    refreshTokenReuseInterval: 10,
    // By which whoever finds one, in a log or in sources, knows what it is.
    prefix: { opaqueAccessToken: ACCESS_TOKEN_PREFIX, refreshToken: "iam_rt_", clientSecret: "iam_cs_" },
    // Called before tokens are issued, and with each look at one.
    customTokenResponseFields: refusingWhoMayNot(directories),
    customAccessTokenClaims: refusingWhoMayNot(directories),
    // Back ends ask for all of their users from one address, and what they present cannot be guessed.
    rateLimit: {
      token: { window: 60, max: 600 },
      revoke: { window: 60, max: 600 },
      introspect: false,
      userinfo: false,
    },
  });

/** The provider, which also verifies the tokens that are presented to this service. */
export const oauth = (settings: Settings, pages: Pages, directories: Directories): BetterAuthPlugin =>
  verifyingAccessTokens(provider(settings, pages, directories), settings.baseUrl.origin);
