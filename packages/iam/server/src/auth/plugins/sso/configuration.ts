/**
 * What is taken of an identity provider that somebody registers or changes. Better Auth takes more: providers that answer
 * nobody's sign-in, keys that it cannot read, metadata without a key, by which anybody could sign in, and weaker settings.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import * as Predicate from "effect/Predicate";
import { IdPMetadata } from "samlify";
import { domainsOf } from "./domains.ts";
import { refusal } from "./refusal.ts";

type Members = Readonly<Record<string, unknown>>;

const invalid = (message: string) => refusal("BAD_REQUEST", "SSO_CONFIGURATION_INVALID", message);

/** What is no object has no members; Better Auth's own validation refuses it. */
const membersOf = (value: unknown): Members => (Predicate.isObject(value) ? { ...value } : {});

/** A label of the DNS behind `_iam-`, and a part of a path. */
const PROVIDER_ID = /^[a-z0-9](?:[a-z0-9-]{0,56}[a-z0-9])?$/;

/** NIST SP 800-131A: RSA keys have 2048 bits or more. */
const MIN_RSA_BITS = 2048;

/** The body of a registration, refused or completed. */
export const registered = (body: Members): Members => {
  if (typeof body.providerId === "string" && !PROVIDER_ID.test(body.providerId)) {
    throw invalid("`providerId` has small letters, digits and hyphens, 58 at most.");
  }
  if ((body.oidcConfig === undefined) === (body.samlConfig === undefined)) {
    throw invalid("A provider has either `oidcConfig` or `samlConfig`.");
  }
  return changed(body);
};

/** The body of a change, refused or completed. */
export const changed = (body: Members): Members => {
  if (typeof body.domain === "string" && domainsOf(body.domain) === undefined) {
    throw invalid("`domain` has names like acme.com, separated by commas.");
  }
  const { oidcConfig, samlConfig } = body;
  if (Predicate.isObject(samlConfig)) checkSaml({ ...samlConfig });
  return {
    ...body,
    // RFC 9700, 2.1.1: what is not asked for is not bound to this browser.
    ...(Predicate.isObject(oidcConfig) && { oidcConfig: { ...oidcConfig, pkce: true } }),
    // Else a response's signature would do, which does not go with the assertion.
    ...(Predicate.isObject(samlConfig) && { samlConfig: { ...samlConfig, wantAssertionsSigned: true } }),
  };
};

const checkSaml = (saml: Members): void => {
  const provider = membersOf(saml.idpMetadata);
  const service = membersOf(saml.spMetadata);
  if (service.metadata !== undefined) throw invalid("The server states its own metadata.");
  if (provider.privateKey !== undefined) throw invalid("A provider's private key is nobody else's.");
  if ([service, provider].some((side) => side.isAssertionEncrypted === true || side.encPrivateKey !== undefined)) {
    throw invalid("Assertions are not encrypted: the connection is.");
  }

  const key = saml.privateKey ?? service.privateKey;
  if (typeof key === "string") checkPrivateKey(key, service.privateKeyPass);
  if (saml.authnRequestsSigned === true && key === undefined) throw invalid("Signed requests need a `privateKey`.");

  for (const certificate of [saml.cert, provider.cert].flat()) {
    if (typeof certificate === "string") checkCertificate(certificate);
  }
  for (const address of [
    saml.entryPoint,
    ...[provider.singleSignOnService].flat().map((service) => membersOf(service).Location),
  ]) {
    if (typeof address === "string") checkAddress(address);
  }
  if (typeof provider.metadata === "string") checkMetadata(provider.metadata, saml.authnRequestsSigned === true);
};

/** A browser is sent there, and would run what `javascript:` names. */
const checkAddress = (address: string): void => {
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw invalid("The provider's address begins with https:// or http://.");
  }
};

const checkKey = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): void => {
  if (asymmetricKeyType === "rsa" && (asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) {
    throw invalid(`An RSA key has ${MIN_RSA_BITS} bits or more.`);
  }
};

const checkPrivateKey = (key: string, passphrase: unknown): void =>
  checkKey(
    parsed("`privateKey` is no PEM of a private key.", () =>
      createPrivateKey(typeof passphrase === "string" ? { key, passphrase } : key),
    ),
  );

const checkCertificate = (certificate: string): void => {
  const pem = certificate.includes("-----BEGIN")
    ? certificate
    : `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----`;
  checkKey(parsed("A certificate of the provider cannot be read.", () => new X509Certificate(pem).publicKey));
};

const checkMetadata = (xml: string, signsRequests: boolean): void => {
  if (/<!/.test(xml.replaceAll(/<!--[\s\S]*?-->/g, ""))) throw invalid("The metadata have a document type.");
  const { metadata, certificates, entry } = parsed("The provider's metadata cannot be read.", () => {
    const metadata = IdPMetadata(xml);
    return {
      metadata,
      certificates: [metadata.getX509Certificate("signing")].flat().filter((certificate) => Boolean(certificate)),
      entry: metadata.getSingleSignOnService("redirect"),
    };
  });
  // Without one samlify would believe the certificate that comes with a signature.
  if (certificates.length === 0) throw invalid("The provider's metadata have no certificate that signs.");
  for (const certificate of certificates) checkCertificate(certificate);
  if (typeof entry !== "string") throw invalid("The provider's metadata have no sign-on by redirection.");
  checkAddress(entry);
  if (metadata.isWantAuthnRequestsSigned() !== signsRequests) {
    throw invalid("`authnRequestsSigned` says otherwise than the metadata's WantAuthnRequestsSigned.");
  }
};

const parsed = <A>(message: string, parse: () => A): A => {
  try {
    return parse();
  } catch {
    throw invalid(message);
  }
};
