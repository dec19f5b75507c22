import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** What is to become of a delivery, or has. */
export const states = ["pending", "delivered", "dead"] as const;

export const State = Schema.Literals(states);
export type State = typeof State.Type;

/** An event on its way to a subscription, or what came of that. */
export class Model extends VariantModel.Class<Model>("WebhookDelivery")({
  ...Row.organizationEntity(IamEntityIds.WebhookDeliveryId),
  subscriptionId: Field.readOnly(Field.required(IamEntityIds.WebhookSubscriptionId)),
  /** The event, by its place in the log, and as it is called. */
  index: Field.readOnly(Field.required(Schema.Int)),
  eventId: Field.readOnly(Field.required(IamEntityIds.AuditEventId)),
  recordedAt: Field.readOnly(Field.required(...Field.timestamp)),
  /** What it happened to: events of one thing are delivered one after the other. */
  key: Field.readOnly(Field.nullable(Field.text)),
  attempts: Field.readOnly(Field.defaulted(Field.integer)),
  dueAt: Field.readOnly(Field.defaulted(...Field.timestamp)),
  /** Until when it is a worker's, and which one's. */
  leasedUntil: Field.readOnly(Field.nullable(...Field.timestamp)),
  leasedBy: Field.readOnly(Field.nullable(Field.text)),
  deliveredAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** Since when it is tried no more. */
  deadAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** The status of the last answer. */
  status: Field.readOnly(Field.nullable(Field.integer)),
  /** The code of what was wrong the last time. */
  error: Field.readOnly(Field.nullable(Field.text)),
}) {}
