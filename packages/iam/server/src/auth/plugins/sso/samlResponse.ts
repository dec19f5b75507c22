/**
 * What a SAML response has to be before Better Auth looks at it. That verifies the signature, issuer, audience, recipient,
 * and times of the assertion, and that each is used once. It does not look at how a response by POST is signed, it reads
 * what nobody signed (the response's own `InResponseTo`), and it uses two parsers, which may differ on what no provider
 * sends. The one used here is that of the signature.
 */
import { DOMParser } from "@xmldom/xmldom";
import * as Data from "effect/Data";

/** In characters of base64. A response with hundreds of groups has a tenth of it. */
export const MAX_RESPONSE_SIZE = 256 * 1024;

/** How far clocks may differ, in milliseconds. */
export const CLOCK_SKEW = 60_000;

const XMLDSIG = "http://www.w3.org/2000/09/xmldsig#";
const ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion";
const PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol";

/** RFC 9231 and XML Encryption; SHA-1 is in none of them. */
export const signatureAlgorithms: ReadonlyArray<string> = ["rsa", "ecdsa"].flatMap((key) =>
  [256, 384, 512].map((bits) => `http://www.w3.org/2001/04/xmldsig-more#${key}-sha${bits}`),
);
export const digestAlgorithms: ReadonlyArray<string> = [
  "http://www.w3.org/2001/04/xmlenc#sha256",
  "http://www.w3.org/2001/04/xmldsig-more#sha384",
  "http://www.w3.org/2001/04/xmlenc#sha512",
];
const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";

/** SAML Core 5.4.3 and 5.4.4, and what RFC 6931 calls weak left out. */
const allowed: Readonly<Record<string, ReadonlyArray<string>>> = {
  SignatureMethod: signatureAlgorithms,
  DigestMethod: digestAlgorithms,
  CanonicalizationMethod: [EXCLUSIVE],
  Transform: [EXCLUSIVE, `${XMLDSIG}enveloped-signature`],
};

class Malformed extends Data.TaggedError("Malformed")<{ readonly message: string }> {}

const demand: (holds: boolean, message: string) => asserts holds = (holds, message) => {
  if (!holds) throw new Malformed({ message });
};

/**
 * What is wrong with a response, or undefined.
 *
 * @param encoded the response in base64, as it was posted
 * @param now in milliseconds
 */
export const faultOf = (encoded: string, now: number): string | undefined => {
  try {
    check(elementsOf(decoded(encoded)), now);
    return undefined;
  } catch (error) {
    return error instanceof Malformed ? error.message : "The response is no XML.";
  }
};

const decoded = (encoded: string): string => {
  demand(encoded.length <= MAX_RESPONSE_SIZE, "The response is too long.");
  const compact = encoded.replaceAll(/\s+/g, "");
  demand(
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact),
    "The response is no base64.",
  );
  const xml = Buffer.from(compact, "base64").toString();
  // Entities that grow or name files; and comments, which a signature does not see and which cut a text in two.
  demand(!/<!|<\?(?!xml\s)/.test(xml), "The response has a document type, a comment or an instruction.");
  return xml;
};

const elementsOf = (xml: string): ReadonlyArray<Element> => {
  const refuse = () => {
    throw new Malformed({ message: "The response is no XML." });
  };
  const errorHandler = { warning: refuse, error: refuse, fatalError: refuse };
  const document = new DOMParser({ errorHandler }).parseFromString(xml, "text/xml");
  return Array.from(document.getElementsByTagName("*"));
};

const check = (elements: ReadonlyArray<Element>, now: number): void => {
  const named = (name: string) => elements.filter((element) => element.localName === name);
  const [response] = elements;
  const [assertion, ...others] = named("Assertion");
  demand(response?.localName === "Response" && response.namespaceURI === PROTOCOL, "It is no response.");
  demand(named("EncryptedAssertion").length === 0, "Encrypted assertions are not read.");
  demand(
    assertion?.namespaceURI === ASSERTION && assertion.parentNode === response && others.length === 0,
    "A response has one assertion.",
  );

  const ids = elements
    .flatMap((element) => ["ID", "Id", "id"].map((name) => element.getAttribute(name) ?? ""))
    .filter((id) => id !== "");
  demand(new Set(ids).size === ids.length, "An identifier is used twice.");

  const signed = named("Signature").map((signature) => signature.parentNode);
  demand(signed.includes(assertion), "The assertion is not signed.");
  demand(
    signed.every((element) => element === assertion || element === response) && new Set(signed).size === signed.length,
    "A signature is where none belongs.",
  );
  const signs = named("Reference").map((reference) => reference.getAttribute("URI"));
  demand(
    signs.toSorted().join() ===
      [response, assertion]
        .filter((element) => signed.includes(element))
        .map((element) => `#${element.getAttribute("ID")}`)
        .toSorted()
        .join(),
    "A signature is of something else.",
  );
  for (const [name, algorithms] of Object.entries(allowed)) {
    for (const element of named(name)) {
      demand(algorithms.includes(element.getAttribute("Algorithm") ?? ""), "The signature's algorithm is not taken.");
    }
  }

  // Which the signature covers; the response's own need not be covered by any (SAML Profiles 4.1.4.3).
  const request = response.getAttribute("InResponseTo");
  const confirmations = named("SubjectConfirmationData");
  demand(confirmations.length > 0, "The assertion is nobody's.");
  for (const confirmation of confirmations) {
    demand(confirmation.getAttribute("InResponseTo") === request, "The assertion answers another request.");
    const until = Date.parse(confirmation.getAttribute("NotOnOrAfter") ?? "");
    demand(until + CLOCK_SKEW > now, "The assertion has expired.");
  }
};
