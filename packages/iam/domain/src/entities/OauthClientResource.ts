import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** That a client may ask for tokens for a resource. */
export class Model extends VariantModel.Class<Model>("OauthClientResource")({
  ...Row.entity(IamEntityIds.OauthClientResourceId),
  clientId: Field.readOnly(Field.required(Field.text)),
  resourceId: Field.readOnly(Field.required(Field.text)),
  metadata: Field.readOnly(Field.nullable(Field.json)),
}) {}
