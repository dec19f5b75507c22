/** A company's SAML identity provider, made with samlify; it answers requests rightly, or as a test wants. */
import * as x509 from "@peculiar/x509";
import * as Effect from "effect/Effect";
import { Constants, IdentityProvider, SamlLib, ServiceProvider } from "samlify";

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", publicExponent: new Uint8Array([1, 0, 1]) };

const pem = (type: string, der: ArrayBuffer): string =>
  `-----BEGIN ${type}-----\n${Buffer.from(der).toString("base64").replaceAll(/.{64}/g, "$&\n")}\n-----END ${type}-----\n`;

/** A key with a certificate that it signed itself. */
export const keyPair = Effect.fnUntraced(function* (name: string, modulusLength: number = 2048) {
  return yield* Effect.promise(async () => {
    const keys = await crypto.subtle.generateKey({ ...RSA, modulusLength }, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: RSA,
    });
    return {
      privateKey: pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
      certificate: certificate.toString("pem"),
    };
  });
});

/** A key with its certificate. */
export type Keys = Effect.Success<ReturnType<typeof keyPair>>;

/** The request that a browser brought. */
export interface Request {
  readonly id: string;
  readonly relayState: string;
}

/** What a response says otherwise than it should, by the tags of samlify's template. */
export type Said = Partial<
  Record<
    | "AssertionID"
    | "Audience"
    | "ConditionsNotBefore"
    | "ConditionsNotOnOrAfter"
    | "Destination"
    | "InResponseTo"
    | "Issuer"
    | "NameID"
    | "SubjectConfirmationDataNotOnOrAfter"
    | "SubjectRecipient",
    string
  >
>;

const template = SamlLib.defaultLoginResponseTemplate.context;
let made = 0;

const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

const bindings = Constants.namespace.binding;

/** A provider whose metadata are at hand; it may ask for signed requests. */
export const samlProvider = (
  entityID: string,
  keys: Keys,
  { wantAuthnRequestsSigned = false, requestSignatureAlgorithm = Constants.algorithms.signature.RSA_SHA256 } = {},
) => {
  const provider = IdentityProvider({
    entityID,
    ...keys,
    signingCert: keys.certificate,
    requestSignatureAlgorithm,
    wantAuthnRequestsSigned,
    nameIDFormat: [Constants.namespace.format.emailAddress],
    singleSignOnService: [{ Binding: bindings.redirect, Location: `${entityID}/sign-in` }],
    loginResponseTemplate: { context: template, attributes: [] },
  });

  return {
    entityID,
    metadata: provider.getMetadata(),
    /** Reads the request in the address where a browser is sent; verifies its signature where it wants one. */
    read: (serviceMetadata: string, address: string): Effect.Effect<Request> =>
      Effect.promise(async () => {
        const { search, searchParams } = new URL(address);
        const octetString = search.slice(1).replace(/&Signature=.*$/, "");
        const service = ServiceProvider({ metadata: serviceMetadata });
        const { extract } = await provider.parseLoginRequest(service, "redirect", {
          query: Object.fromEntries(searchParams),
          octetString,
        });
        const id: unknown = extract.request?.id;
        return { id: String(id), relayState: searchParams.get("RelayState") ?? "" };
      }),
    /** The response that a browser brings back, as XML, signed. */
    answer: (serviceMetadata: string, request: Pick<Request, "id">, email: string, said: Said = {}) =>
      Effect.promise(async (): Promise<string> => {
        const service = ServiceProvider({ metadata: serviceMetadata });
        const at = String(service.entityMeta.getAssertionConsumerService("post"));
        made += 1;
        const values = {
          ID: `_response-${made}-${Date.now()}`,
          AssertionID: `_assertion-${made}-${Date.now()}`,
          Audience: service.entityMeta.getEntityID(),
          ConditionsNotBefore: inMinutes(0),
          ConditionsNotOnOrAfter: inMinutes(5),
          Destination: at,
          InResponseTo: request.id,
          IssueInstant: inMinutes(0),
          Issuer: entityID,
          NameID: email,
          NameIDFormat: Constants.namespace.format.emailAddress,
          StatusCode: Constants.StatusCode.Success,
          SubjectConfirmationDataNotOnOrAfter: inMinutes(5),
          SubjectRecipient: at,
          AuthnStatement: "",
          AttributeStatement: "",
          ...said,
        };
        const { context } = await provider.createLoginResponse(
          service,
          { extract: { request: request } },
          "post",
          {},
          () => ({
            id: values.ID,
            context: SamlLib.replaceTagsByValue(template, values),
          }),
        );
        return Buffer.from(context, "base64").toString();
      }),
  };
};

/** As much of a time as a response states: so many minutes from now. */
export { inMinutes };
