import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** What a user has allowed a client. */
export class Model extends VariantModel.Class<Model>("OauthConsent")({
  ...Row.entity(IamEntityIds.OauthConsentId),
  clientId: Field.readOnly(Field.required(Field.text)),
  userId: Field.readOnly(Field.nullable(SharedEntityIds.UserId)),
  /** On whose behalf, in the words of the application. */
  referenceId: Field.readOnly(Field.nullable(Field.text)),
  resources: Field.readOnly(Field.nullable(Field.texts)),
  requestedUserInfoClaims: Field.readOnly(Field.nullable(Field.texts)),
  scopes: Field.readOnly(Field.required(Field.texts)),
}) {}
