/** Where webhooks may be sent to: what the public can reach, and of everything else what an operator has named. */
import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { Problems } from "@beep/iam-domain";
import * as Array from "effect/Array";
import * as Config from "effect/Config";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import ipaddr from "ipaddr.js";
import * as Setting from "../config/Setting.ts";

const Network = Schema.String.check(
  Schema.makeFilter((text) => ipaddr.isValidCIDR(text), { expected: "a network like 10.1.0.0/16 or fd00:1::/32" }),
);

/** What may be said of it. */
export const keys = {
  webhookNetworks: Setting.withDefault("IAM_WEBHOOK_NETWORKS", (key) => Config.Array(Network, key), {
    type: "networks (CIDR), separated by commas",
    value: Array.empty<string>(),
    fallback: "none",
    says: "Networks that are not public and to which webhooks are sent all the same: `10.1.0.0/16`. Every organization then reaches them.",
  }),
  webhookHttp: Setting.withDefault("IAM_WEBHOOK_HTTP", Config.Boolean, {
    type: "`true` or `false`",
    value: false,
    says: "Whether webhooks are sent over `http://` too, where everybody on the way reads them. For development.",
  }),
};

/** What is allowed. */
export interface Allowed {
  readonly webhookNetworks: ReadonlyArray<string>;
  readonly webhookHttp: boolean;
}

/** What Config allows. */
export const settings: Config.Config<Allowed> = Config.all(keys);

/** Who is asked for addresses (`127.0.0.1:53`); none: those whom the system names. */
export const NameServers = Context.Reference<ReadonlyArray<string>>("@beep/iam-server/webhooks/address/NameServers", {
  defaultValue: () => [],
});

/** For how long a name server is waited for at first, in milliseconds, and how often one is asked. */
const ASKING = { timeout: 1_500, tries: 2 };

/** Names that no name server is asked for: they are this machine's (RFC 6761, 6.3). */
const isLocal = (host: string): boolean => /(?:^|\.)localhost\.?$/i.test(host);

/** This machine. */
const LOCAL: ReadonlyArray<LookupAddress> = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/**
 * Asks name servers, and nobody else. What the system would do occupies one of the few threads of the process until it is
 * over, and cannot be broken off: a name server that never answers would hold up whatever else looks for an address.
 */
const asked = Effect.fnUntraced(function* (host: string) {
  if (isLocal(host)) return LOCAL;
  const servers = yield* NameServers;
  const resolver = yield* Effect.acquireRelease(
    Effect.sync(() => new Resolver(ASKING)),
    (open) => Effect.sync(() => open.cancel()),
  );
  if (servers.length > 0) resolver.setServers(servers);
  // A name may have addresses of one family only, and then there is an answer all the same.
  const answers = yield* Effect.promise(() => Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]));
  return answers.flatMap((answer, at) =>
    answer.status === "rejected" ? [] : answer.value.map((found) => ({ address: found, family: at === 0 ? 4 : 6 })),
  );
}, Effect.scoped);

/** Finds the addresses of a host's name: all that there are, and none where it is not known. */
export const Resolve = Context.Reference<(host: string) => Effect.Effect<ReadonlyArray<LookupAddress>>>(
  "@beep/iam-server/webhooks/address/Resolve",
  { defaultValue: () => asked },
);

/** Of IPv6, what is given out to the public (RFC 4291, 2.4; IANA). */
const GLOBAL_UNICAST = ipaddr.parseCIDR("2000::/3");

const isIn = (address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean =>
  address.kind() === network.kind() && address.match(network, bits);

/**
 * Whether anything is sent to an address (IPv4 or IPv6, as text). What is not the public's is refused: loopback, private,
 * link-local and shared ranges, multicast, what is reserved (RFC 6890), and what leads to any of them in another form,
 * mapped, translated or tunnelled. What is no address is refused.
 */
export const isReachable = (text: string, { webhookNetworks }: Allowed): boolean => {
  if (isIP(text) === 0) return false;
  // One that is mapped (::ffff:127.0.0.1) is the one that it stands for.
  const address = ipaddr.process(text);
  if (webhookNetworks.some((network) => isIn(address, ipaddr.parseCIDR(network)))) return true;
  return address.range() === "unicast" && (address.kind() === "ipv4" || isIn(address, GLOBAL_UNICAST));
};

/** The longest address that is taken, in characters. */
const LONGEST = 2_048;

/** Below it are the ports of other services: mail, for instance, which takes much for a message. */
const FIRST_FREE_PORT = 1_024;

/** The host of an address as names and sockets have it: of IPv6 without its brackets. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, "$1");

const faultOf = (text: string, allowed: Allowed): string | undefined => {
  if (text.length > LONGEST) return `An address has ${LONGEST} characters at most.`;
  if (!URL.canParse(text)) return "This is no address.";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && allowed.webhookHttp)) {
    return "The address does not begin with https://.";
  }
  if (url.username !== "" || url.password !== "") return "The address holds a name or a password.";
  if (url.hash !== "") return "The address has a fragment, which is never sent.";
  // The scheme's own port is left out.
  if (url.port !== "" && Number(url.port) < FIRST_FREE_PORT) return "The port is another service's.";
  if (isIP(hostOf(url)) !== 0 && !isReachable(hostOf(url), allowed)) return "The address is not public.";
  return undefined;
};

/**
 * The address of a webhook, as it is written in full. Fails where it shows already that nothing is sent there; what its
 * host's name leads to is looked at whenever something is sent.
 */
export const demand = (text: string, allowed: Allowed): Effect.Effect<string, Problems.WebhookUrlRefused> => {
  const detail = faultOf(text, allowed);
  return detail === undefined
    ? Effect.succeed(new URL(text).href)
    : Effect.fail(new Problems.WebhookUrlRefused({ detail }));
};
