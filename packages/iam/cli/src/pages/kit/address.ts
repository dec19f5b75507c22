/** Addresses between pages, and where a visitor goes back to. */
import { Auth } from "@beep/iam-server";

/** An address with more in its query; what is not there is left out. */
export const withQuery = (address: string, query: Readonly<Record<string, string | undefined>>): string => {
  const [, path = "", stated = "", hash = ""] = /^([^?#]*)(?:\?([^#]*))?(#.*)?$/.exec(address) ?? [];
  const params = new URLSearchParams(stated);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, value);
  const text = params.toString();
  return `${path}${text === "" ? "" : `?${text}`}${hash}`;
};

const AUTHORIZE = `${Auth.BASE_PATH}/oauth2/authorize`;

/**
 * Where a visitor may be sent: a path on the server, or an address of a trusted origin. Anything else is nothing, since
 * whoever makes a link to a page may write into it what they like.
 */
export const trusted = (
  stated: string | undefined,
  { baseUrl, trustedOrigins }: Pick<Auth.Settings, "baseUrl" | "trustedOrigins">,
): string | undefined => {
  if (!stated || !URL.canParse(stated, baseUrl.href)) return undefined;
  const { href, origin, pathname, search, hash } = new URL(stated, baseUrl);
  // As it was understood, and not as it was written: browsers take `/\host` for another server.
  if (origin === baseUrl.origin) return `${pathname.replace(/^\/+/, "/")}${search}${hash}`;
  return trustedOrigins.includes(origin) ? href : undefined;
};

/**
 * Where a visitor wants to go: what `next` says or, where an OAuth client sent them, back to its request. What of the
 * request was asked of these pages is then done: to sign in anew, or to sign up.
 */
export const wanted = (query: URLSearchParams, settings: Auth.Settings): string | undefined => {
  if (!query.has("sig") || !query.has("client_id")) return trusted(query.get("next") ?? undefined, settings);
  const request = new URLSearchParams(
    [...query].filter(([name]) => !["sig", "exp", "prompt", "ba_iat", "ba_pl", "ba_param"].includes(name)),
  );
  const prompts = (query.get("prompt") ?? "").split(" ").filter((prompt) => !/^(login|create|)$/.test(prompt));
  if (prompts.length > 0) request.set("prompt", prompts.join(" "));
  return `${AUTHORIZE}?${request}`;
};

/** Beyond the server itself, the origins at which a form may end that leads to this address, as a policy names them. */
export const beyond = (
  next: string | undefined,
  { baseUrl }: Pick<Auth.Settings, "baseUrl">,
): ReadonlyArray<string> => {
  if (next === undefined || !URL.canParse(next, baseUrl.href)) return [];
  const url = new URL(next, baseUrl);
  if (url.origin !== baseUrl.origin) return [url.origin];
  return url.pathname === AUTHORIZE ? source(url.searchParams.get("redirect_uri")) : [];
};

/** A redirection's address as a policy names it: by its origin, or by its scheme where it has none, as an app's. */
export const source = (address: string | null): ReadonlyArray<string> => {
  if (address === null || !URL.canParse(address)) return [];
  const { origin, protocol } = new URL(address);
  return [origin === "null" ? protocol : origin];
};
