import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";
import * as KeyOwner from "../KeyOwner.ts";

/** That what belongs to an owner must stay readable for now: while a hold is in force the owner's keys are not destroyed. */
export class Model extends VariantModel.Class<Model>("LegalHold")({
  ...Row.entity(IamEntityIds.LegalHoldId),
  ownerType: Field.readOnly(Field.required(KeyOwner.Type)),
  ownerId: Field.readOnly(Field.required(KeyOwner.Id)),
  reason: Field.readOnly(Field.required(Field.text)),
  /** The id of a user, or the name of a part of the system. */
  placedBy: Field.readOnly(Field.required(Field.text)),
  releasedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  releasedBy: Field.readOnly(Field.nullable(Field.text)),
}) {}
