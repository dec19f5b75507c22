import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** Whether an organization wants notifications over a channel. */
export class Model extends VariantModel.Class<Model>("NotificationPreference")({
  ...Row.organizationEntity(IamEntityIds.NotificationPreferenceId),
  channel: Field.required(Field.text),
  enabled: Field.defaulted(Schema.Boolean),
}) {}
