import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** Where an organization's events are sent to, and which of them. */
export class Model extends VariantModel.Class<Model>("WebhookSubscription")({
  ...Row.organizationEntity(IamEntityIds.WebhookSubscriptionId),
  url: Field.required(Field.text),
  description: Field.nullable(Field.text),
  /** Which events: `member.created`, `member.*`, or `*` for all. */
  actions: Field.required(Field.texts),
  enabled: Field.readOnly(Field.defaulted(Schema.Boolean)),
  /** What its deliveries are signed by. */
  secret: Field.sensitive(Field.required(Field.envelope)),
  /** What they were signed by before, and still are for a while. */
  previousSecret: Field.sensitive(Field.nullable(Field.envelope)),
  previousUntil: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** From which index of the log on events are sent. */
  fromIndex: Field.readOnly(Field.required(Schema.Int)),
}) {}
