import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** The states of an invitation; all but `pending` are final. An expired invitation stays `pending`. */
export const statuses = ["pending", "accepted", "rejected", "canceled"] as const;

export const Status = Schema.Literals(statuses);
export type Status = typeof Status.Type;

/** An invitation of an e-mail address into an organization. */
export class Model extends VariantModel.Class<Model>("Invitation")({
  ...Row.organizationEntity(IamEntityIds.InvitationId),
  email: Field.readOnly(Field.required(Field.text)),
  role: Field.nullable(Field.text),
  /** The ids of the teams to join, separated by commas: text, because there may be several. */
  teamId: Field.nullable(Field.text),
  status: Field.readOnly(Field.defaulted(Status)),
  expiresAt: Field.readOnly(Field.required(...Field.timestamp)),
  inviterId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
}) {}
