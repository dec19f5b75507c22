import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A refresh token (RFC 6749, section 6), and the family that its rotation belongs to. */
export class Model extends VariantModel.Class<Model>("OauthRefreshToken")({
  ...Row.entity(IamEntityIds.OauthRefreshTokenId),
  /** The token's hash. */
  token: Field.sensitive(Field.required(Field.text)),
  clientId: Field.readOnly(Field.required(Field.text)),
  /** The session in which it was granted. */
  sessionId: Field.readOnly(Field.nullable(IamEntityIds.SessionId)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  referenceId: Field.readOnly(Field.nullable(Field.text)),
  /** Names the code that it came from, so that a code redeemed twice ends its tokens. */
  authorizationCodeId: Field.sensitive(Field.nullable(Field.text)),
  resources: Field.readOnly(Field.nullable(Field.texts)),
  requestedUserInfoClaims: Field.readOnly(Field.nullable(Field.texts)),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
  revoked: Field.readOnly(Field.nullable(...Field.timestamp)),
  rotatedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** What the rotation answered, encrypted, for a client that lost the answer. */
  rotationReplayResponse: Field.sensitive(Field.nullable(Field.envelope)),
  rotationReplayExpiresAt: Field.sensitive(Field.nullable(...Field.timestamp)),
  authTime: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** The key that the token is bound to (RFC 7800). */
  confirmation: Field.readOnly(Field.nullable(Field.json)),
  scopes: Field.readOnly(Field.required(Field.texts)),
}) {}
