/** The domains of e-mail addresses, and who may speak for them. */

/** Letters, digits and hyphens, with a dot at least: `acme.com`. No address (its last label would be a number). */
const DOMAIN = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The domains of a provider as it is registered, separated by commas; undefined where one of them is none. */
export const domainsOf = (stated: string): ReadonlyArray<string> | undefined => {
  const domains = stated.split(",").map((domain) => domain.trim().toLowerCase());
  return domains.every((domain) => DOMAIN.test(domain)) ? domains : undefined;
};

/** The domain of an address; undefined where it has none, or could be read in two ways. */
export const domainOf = (email: string): string | undefined => {
  const [, domain] = /^[^@\s"]+@([^@\s]+)$/.exec(email.toLowerCase()) ?? [];
  return domain !== undefined && DOMAIN.test(domain) ? domain : undefined;
};

/** A domain, and those that it is below: whoever holds one of them holds it. */
export const withParents = (domain: string): ReadonlyArray<string> => {
  const labels = domain.split(".");
  return labels.slice(1).map((_, index) => labels.slice(index).join("."));
};

/** Whether a provider of these domains may speak for this one. */
export const speaksFor = (stated: string, domain: string): boolean => {
  const parents = withParents(domain);
  return domainsOf(stated)?.some((held) => parents.includes(held)) ?? false;
};
