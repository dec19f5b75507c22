import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** An application that may ask for tokens (RFC 6749, section 2; metadata as in RFC 7591). */
export class Model extends VariantModel.Class<Model>("OauthClient")({
  ...Row.entity(IamEntityIds.OauthClientId),
  clientId: Field.readOnly(Field.required(Field.text)),
  /** The secret's hash. */
  clientSecret: Field.sensitive(Field.nullable(Field.text)),
  /** How the client was found, where it came by its metadata document and not by registration. */
  clientDiscoveryId: Field.readOnly(Field.nullable(Field.text)),
  disabled: Field.readOnly(Field.nullable(Schema.Boolean)),
  skipConsent: Field.readOnly(Field.nullable(Schema.Boolean)),
  enableEndSession: Field.readOnly(Field.nullable(Schema.Boolean)),
  subjectType: Field.readOnly(Field.nullable(Field.text)),
  scopes: Field.readOnly(Field.nullable(Field.texts)),
  clientCredentialsScopes: Field.readOnly(Field.nullable(Field.texts)),
  /** Who registered it. */
  userId: Field.readOnly(Field.nullable(SharedEntityIds.UserId)),
  name: Field.readOnly(Field.nullable(Field.text)),
  uri: Field.readOnly(Field.nullable(Field.text)),
  icon: Field.readOnly(Field.nullable(Field.text)),
  contacts: Field.readOnly(Field.nullable(Field.texts)),
  tos: Field.readOnly(Field.nullable(Field.text)),
  policy: Field.readOnly(Field.nullable(Field.text)),
  softwareId: Field.readOnly(Field.nullable(Field.text)),
  softwareVersion: Field.readOnly(Field.nullable(Field.text)),
  softwareStatement: Field.readOnly(Field.nullable(Field.text)),
  redirectUris: Field.readOnly(Field.required(Field.texts)),
  postLogoutRedirectUris: Field.readOnly(Field.nullable(Field.texts)),
  backchannelLogoutUri: Field.readOnly(Field.nullable(Field.text)),
  backchannelLogoutSessionRequired: Field.readOnly(Field.nullable(Schema.Boolean)),
  tokenEndpointAuthMethod: Field.readOnly(Field.nullable(Field.text)),
  applicationType: Field.readOnly(Field.nullable(Field.text)),
  /** JSON text, as Better Auth writes it: the public keys of the client. */
  jwks: Field.readOnly(Field.nullable(Field.text)),
  jwksUri: Field.readOnly(Field.nullable(Field.text)),
  grantTypes: Field.readOnly(Field.nullable(Field.texts)),
  responseTypes: Field.readOnly(Field.nullable(Field.texts)),
  requirePKCE: Field.readOnly(Field.nullable(Schema.Boolean)),
  dpopBoundAccessTokens: Field.readOnly(Field.nullable(Schema.Boolean)),
  /** Whose client it is, in the words of the application. */
  referenceId: Field.readOnly(Field.nullable(Field.text)),
  metadata: Field.readOnly(Field.nullable(Field.json)),
}) {}
