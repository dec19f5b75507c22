import { Envelope, Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** That a change was asked for under a key, and what was answered: so that it is made once, however often it is asked for. */
export class Model extends VariantModel.Class<Model>("IdempotencyKey")({
  ...Row.entity(IamEntityIds.IdempotencyKeyId),
  /** The digest of who asked, and of the key. */
  name: Field.sensitive(Field.required(Field.text)),
  /** The digest of what was asked for. */
  fingerprint: Field.sensitive(Field.required(Field.text)),
  /** What was answered; nothing as long as the change goes on, which nobody else sees. */
  response: Field.sensitive(Field.nullable(Schema.String.check(Schema.isPattern(new RegExp(Envelope.pattern))))),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
}) {}
