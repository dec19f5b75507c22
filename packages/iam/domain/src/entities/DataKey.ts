import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";
import * as KeyOwner from "../KeyOwner.ts";

/** A key under which what belongs to one owner is sealed, itself wrapped by a key-encryption key that is not in the database. */
export class Model extends VariantModel.Class<Model>("DataKey")({
  ...Row.entity(IamEntityIds.DataKeyId),
  ownerType: Field.readOnly(Field.required(KeyOwner.Type)),
  ownerId: Field.readOnly(Field.required(KeyOwner.Id)),
  /** The key as it was wrapped; nothing once it is destroyed. */
  wrappedKey: Field.sensitive(Field.nullable(Field.text)),
  /** The version of the key-encryption key that wraps it. */
  keyVersion: Field.readOnly(Field.nullable(Field.text)),
  /** Since when it seals no more; it still opens. */
  retiredAt: Field.readOnly(Field.nullable(...Field.timestamp)),
  destroyedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
}) {}
