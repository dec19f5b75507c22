import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";
import * as SigningKeyLife from "../SigningKeyLife.ts";

/** An API that tokens are for, and what they are like (RFC 8707). */
export class Model extends VariantModel.Class<Model>("OauthResource")({
  ...Row.entity(IamEntityIds.OauthResourceId),
  /** The URI that stands in `aud`. */
  identifier: Field.readOnly(Field.required(Field.text)),
  name: Field.readOnly(Field.required(Field.text)),
  /** Seconds. */
  accessTokenTtl: Field.readOnly(
    Field.nullable(Field.integer.check(Schema.isLessThanOrEqualTo(SigningKeyLife.LONGEST_TOKEN))),
  ),
  /** Seconds. */
  refreshTokenTtl: Field.readOnly(Field.nullable(Field.integer)),
  signingAlgorithm: Field.readOnly(Field.nullable(Field.text)),
  signingKeyId: Field.readOnly(Field.nullable(Field.text)),
  allowedScopes: Field.readOnly(Field.nullable(Field.texts)),
  customClaims: Field.readOnly(Field.nullable(Field.json)),
  dpopBoundAccessTokensRequired: Field.readOnly(Field.nullable(Schema.Boolean)),
  disabled: Field.readOnly(Field.nullable(Schema.Boolean)),
  policyVersion: Field.readOnly(Field.nullable(Field.integer)),
  metadata: Field.readOnly(Field.nullable(Field.json)),
}) {}
