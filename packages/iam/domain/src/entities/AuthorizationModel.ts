import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A version of an application's authorization model. The one with the highest number is in force. */
export class Model extends VariantModel.Class<Model>("AuthorizationModel")({
  ...Row.entity(IamEntityIds.AuthorizationModelId),
  applicationId: Field.readOnly(Field.required(IamEntityIds.ApplicationId)),
  number: Field.readOnly(Field.required(Field.integer)),
  /** In OpenFGA's modelling language. */
  source: Field.readOnly(Field.required(Field.text)),
}) {}
