import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";
import * as Field from "../Field.ts";
import * as Row from "../Row.ts";
import { UserId } from "../SharedEntityIds.ts";

/** A person who can sign in. Belongs to no organization: memberships say where a user belongs. */
export class Model extends VariantModel.Class<Model>("User")({
  ...Row.entity(UserId),
  name: Field.required(Field.text),
  email: Field.readOnly(Field.required(Field.text)),
  emailVerified: Field.readOnly(Field.defaulted(Schema.Boolean)),
  image: Field.nullable(Field.text),
  /** The user's roles over the whole installation, separated by commas. */
  role: Field.readOnly(Field.nullable(Field.text)),
  banned: Field.readOnly(Field.nullable(Schema.Boolean)),
  banReason: Field.readOnly(Field.nullable(Field.text)),
  banExpires: Field.readOnly(Field.nullable(...Field.timestamp)),
  /** In small letters, as it is looked up; `displayUsername` is as the user writes it. */
  username: Field.readOnly(Field.nullable(Field.text)),
  displayUsername: Field.readOnly(Field.nullable(Field.text)),
  /** With the country's code (E.164). */
  phoneNumber: Field.readOnly(Field.nullable(Field.text)),
  phoneNumberVerified: Field.readOnly(Field.nullable(Schema.Boolean)),
  /** Whether it is a guest, who has not yet said who they are. */
  isAnonymous: Field.readOnly(Field.nullable(Schema.Boolean)),
  lastLoginMethod: Field.readOnly(Field.nullable(Field.text)),
  twoFactorEnabled: Field.readOnly(Field.nullable(Schema.Boolean)),
}) {}
