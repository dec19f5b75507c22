import { Envelope, Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** What is to leave for elsewhere: put down with the change that it speaks of, and gone once it has left. */
export class Model extends VariantModel.Class<Model>("OutboxMessage")({
  ...Row.entity(IamEntityIds.OutboxMessageId),
  /** Its place among all, as the database counts. */
  place: VariantModel.Field({ select: Schema.Int, json: Schema.Int }),
  kind: Field.readOnly(Field.required(Field.text)),
  /** Messages of one kind and key leave one after the other. One without a key waits for none. */
  key: Field.readOnly(Field.nullable(Field.text)),
  payload: Field.sensitive(Field.required(Schema.String.check(Schema.isPattern(new RegExp(Envelope.pattern))))),
  dueAt: Field.readOnly(Field.defaulted(...Field.timestamp)),
  attempts: Field.readOnly(Field.defaulted(Field.integer)),
  /** Until when it is a worker's, and which one's. */
  leasedUntil: Field.readOnly(Field.nullable(...Field.timestamp)),
  leasedBy: Field.readOnly(Field.nullable(Field.text)),
  /** Since when it is tried no more. */
  deadAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** The code of what it last failed by. */
  error: Field.readOnly(Field.nullable(Field.text)),
}) {}
