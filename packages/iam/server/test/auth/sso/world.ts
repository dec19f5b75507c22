/** A company with its identity providers, as tests of single sign-on find it: registered, and its domain verified. */
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import { type Answer, type Browser, granted, organizationOf, type Person, signedUp, text } from "../browser.ts";
import { nameServer } from "./dns.ts";
import { lyingProvider } from "./lyingProvider.ts";
import { client, openIdProvider } from "./openIdProvider.ts";
import { keyPair, type Request, type Said, samlProvider } from "./samlProvider.ts";

export const base = "http://localhost:3000";
const callbackURL = `${base}/account`;

/** What is on the network. */
class Network extends Context.Service<
  Network,
  {
    readonly openId: Effect.Success<ReturnType<typeof openIdProvider>>;
    readonly lying: Effect.Success<typeof lyingProvider>;
    readonly saml: ReturnType<typeof samlProvider>;
    /** One that has the same name and another key. */
    readonly impostor: ReturnType<typeof samlProvider>;
    /** The company's own provider as it signs with SHA-1. */
    readonly outdated: ReturnType<typeof samlProvider>;
    readonly names: Map<string, string>;
  }
>()("test/auth/sso/Network") {}

const network = Layer.effect(
  Network,
  Effect.gen(function* () {
    const [keys, others] = yield* Effect.all([keyPair("acme"), keyPair("acme")]);
    const entityID = "https://login.acme.example/saml";
    return {
      openId: yield* openIdProvider(`${base}/api/auth/sso/callback/acme`),
      lying: yield* lyingProvider,
      saml: samlProvider(entityID, keys),
      impostor: samlProvider(entityID, others),
      outdated: samlProvider(entityID, keys, {
        requestSignatureAlgorithm: "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
      }),
      names: yield* nameServer,
    };
  }),
);

/** The company, its owner, and the providers. */
export class World extends Context.Service<
  World,
  Network["Service"] & {
    readonly owner: Person;
    readonly organization: { readonly id: string };
    /** The metadata of the service, as the SAML provider was given them. */
    readonly serviceMetadata: string;
  }
>()("test/auth/sso/World") {}

/** A registration by OpenID Connect, discovered; without PKCE, which the service does not let it be. */
export const openIdConfig = {
  clientId: client.clientId,
  clientSecret: client.clientSecret,
  scopes: ["openid", "email", "profile"],
  pkce: false,
};

/** A registration by SAML. */
export const samlConfig = (provider: { readonly metadata: string; readonly entityID: string }) => ({
  entryPoint: `${provider.entityID}/sign-in`,
  idpMetadata: { metadata: provider.metadata },
});

/** Puts the record into the DNS that proves the domain, and lets the service look. */
export const verified = Effect.fnUntraced(function* (
  person: Browser,
  names: Map<string, string>,
  providerId: string,
  domain: string,
  token: string,
) {
  names.set(`_iam-${providerId}.${domain}`, token);
  const answer = yield* person.post("/sso/verify-domain", { providerId });
  assert.strictEqual(answer.status, 204, JSON.stringify(answer.body));
});

/** Registers a provider of the company's and verifies its domain. */
export const provided = Effect.fnUntraced(function* (
  person: Browser,
  names: Map<string, string>,
  provider: { readonly providerId: string; readonly domain: string; readonly [more: string]: unknown },
) {
  const registered = granted(yield* person.post("/sso/register", provider));
  yield* verified(person, names, provider.providerId, provider.domain, text(registered, "domainVerificationToken"));
  return registered;
});

const world = Layer.effect(
  World,
  Effect.gen(function* () {
    const net = yield* Network;
    const owner = yield* signedUp("owner");
    const organization = yield* organizationOf(owner, "acme");
    const organizationId = organization.id;
    yield* provided(owner, net.names, {
      providerId: "acme",
      organizationId,
      issuer: net.openId.issuer,
      domain: "acme.com",
      oidcConfig: openIdConfig,
    });
    yield* provided(owner, net.names, {
      providerId: "acme-saml",
      organizationId,
      issuer: `${base}/saml/acme`,
      domain: "saml.acme.com",
      samlConfig: samlConfig(net.saml),
    });
    yield* provided(owner, net.names, {
      providerId: "lying",
      organizationId,
      issuer: net.lying.issuer,
      domain: "lying.example",
      oidcConfig: net.lying.configuration,
    });
    const metadata = yield* owner.get("/sso/saml2/sp/metadata", { providerId: "acme-saml" });
    return { ...net, owner, organization, serviceMetadata: String(metadata.body) };
  }),
);

/** The company on services of some kind. Without the log: what is refused would fill the screen. */
const companyOn = <More, R>(
  services: (more: Readonly<Record<string, string>>) => Layer.Layer<More | IamTest.Provided, unknown, R>,
) =>
  Layer.unwrap(
    Effect.map(Network, ({ openId, lying }) =>
      world.pipe(Layer.provideMerge(services({ IAM_SSO_ORIGINS: [openId.issuer, lying.issuer].join() }))),
    ),
  ).pipe(Layer.provideMerge(network), Layer.provideMerge(Logger.layer([])));

/** On PostgreSQL. */
export const company = companyOn(IamTest.configured).pipe(Layer.provideMerge(TestDatabase.layer()));

/** On the embedded database. */
export const embeddedCompany = companyOn(IamTest.configuredEmbedded);

/** Begins a sign-in, and answers where the browser is sent. */
export const begun = Effect.fnUntraced(function* (browser: Browser, by: Readonly<Record<string, unknown>>) {
  return text(granted(yield* browser.post("/sign-in/sso", { callbackURL, ...by })), "url");
});

/** Begins a sign-in by SAML, and answers the request that the provider reads. */
export const requested = Effect.fnUntraced(function* (
  browser: Browser,
  by: Readonly<Record<string, unknown>> = { providerId: "acme-saml" },
): Effect.fn.Return<Request, never, World> {
  const { saml, serviceMetadata } = yield* World;
  return yield* saml.read(serviceMetadata, yield* begun(browser, by));
});

/** Brings a response to the service. */
export const brought = (
  browser: Browser,
  xml: string,
  relayState: string,
  providerId: string = "acme-saml",
): Effect.Effect<Answer> =>
  browser.submit(`/sso/saml2/sp/acs/${providerId}`, {
    SAMLResponse: Buffer.from(xml).toString("base64"),
    RelayState: relayState,
  });

/** Signs in by SAML, the provider saying what it is told to. */
export const bySaml = Effect.fnUntraced(function* (
  browser: Browser,
  email: string,
  {
    said = {},
    tampered = (xml: string) => xml,
  }: { readonly said?: Said; readonly tampered?: (xml: string) => string } = {},
) {
  const { saml, serviceMetadata } = yield* World;
  const request = yield* requested(browser);
  const xml = yield* saml.answer(serviceMetadata, request, email, said);
  return yield* brought(browser, tampered(xml), request.relayState);
});

/** Where an answer leads, and with which error. */
export const ledTo = (answer: Answer) => {
  const location = new URL(answer.headers.get("location") ?? "none:", base);
  return {
    status: answer.status,
    page: `${location.origin}${location.pathname}`,
    error: location.searchParams.get("error"),
  };
};

/** Fails the test unless the answer leads to the page that a sign-in was to end at. */
export const assertSignedIn = (answer: Answer): void =>
  assert.deepStrictEqual(
    ledTo(answer),
    { status: 302, page: callbackURL, error: null },
    answer.headers.get("location") ?? "",
  );

/** Fails the test unless the answer leads to the page of errors, with the code, and no session came with it. */
export const assertNotSignedIn = Effect.fnUntraced(function* (
  browser: Browser,
  answer: Answer,
  error: string,
  what: string = "",
) {
  assert.deepStrictEqual(
    ledTo(answer),
    { status: 302, page: `${base}/error`, error },
    `${what}: ${answer.headers.get("location") ?? JSON.stringify(answer.body)}`,
  );
  assert.isNull(granted(yield* browser.get("/get-session")));
});

/** How many rows there are of what a sign-in writes. */
const written = Effect.gen(function* () {
  const sql = yield* Effect.flatMap(TestDatabase, ({ adminUrl }) => connect(adminUrl));
  const [counted] = yield* sql`
    select (select count(*)::int from iam_users) as users, (select count(*)::int from iam_accounts) as accounts,
      (select count(*)::int from iam_sessions) as sessions, (select count(*)::int from iam_members) as members`;
  return counted;
}).pipe(Effect.orDie);

/** Fails the test where what runs leaves a user, an account, a session or a member. */
export const leavingNothing = Effect.fnUntraced(function* <A, E, R>(run: Effect.Effect<A, E, R>) {
  const before = yield* written;
  const result = yield* run;
  assert.deepStrictEqual(yield* written, before);
  return result;
}, Effect.scoped);
