import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** An access token that says nothing by itself, and is asked about here (RFC 7662). */
export class Model extends VariantModel.Class<Model>("OauthAccessToken")({
  ...Row.entity(IamEntityIds.OauthAccessTokenId),
  /** The token's hash. */
  token: Field.sensitive(Field.required(Field.text)),
  clientId: Field.readOnly(Field.required(Field.text)),
  /** The session in which it was granted. */
  sessionId: Field.readOnly(Field.nullable(IamEntityIds.SessionId)),
  /** None where a client acts for itself. */
  userId: Field.readOnly(Field.nullable(SharedEntityIds.UserId)),
  referenceId: Field.readOnly(Field.nullable(Field.text)),
  /** Names the code that it came from, so that a code redeemed twice ends its tokens. */
  authorizationCodeId: Field.sensitive(Field.nullable(Field.text)),
  resources: Field.readOnly(Field.nullable(Field.texts)),
  requestedUserInfoClaims: Field.readOnly(Field.nullable(Field.texts)),
  refreshId: Field.readOnly(Field.nullable(IamEntityIds.OauthRefreshTokenId)),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
  revoked: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** The key that the token is bound to (RFC 7800). */
  confirmation: Field.readOnly(Field.nullable(Field.json)),
  scopes: Field.readOnly(Field.required(Field.texts)),
}) {}
