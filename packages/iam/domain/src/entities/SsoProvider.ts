import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** An identity provider of somebody else's, by which the people of a domain sign in (OpenID Connect or SAML). */
export class Model extends VariantModel.Class<Model>("SsoProvider")({
  ...Row.entity(IamEntityIds.SsoProviderId),
  issuer: Field.readOnly(Field.required(Field.text)),
  /** JSON text, as Better Auth writes it, with the secret of the client that we are there. */
  oidcConfig: Field.sensitive(Field.nullable(Field.envelope)),
  /** JSON text, as Better Auth writes it, with our private keys. */
  samlConfig: Field.sensitive(Field.nullable(Field.envelope)),
  /** Who registered it, as long as that user is there. */
  userId: Field.readOnly(Field.nullable(SharedEntityIds.UserId)),
  providerId: Field.readOnly(Field.required(Field.text)),
  /** Of which those become members who sign in by it. */
  organizationId: Field.readOnly(Field.nullable(SharedEntityIds.OrganizationId)),
  /** The domains of the e-mail addresses that it may speak for, separated by commas. */
  domain: Field.readOnly(Field.required(Field.text)),
  domainVerified: Field.readOnly(Field.nullable(Schema.Boolean)),
}) {}
