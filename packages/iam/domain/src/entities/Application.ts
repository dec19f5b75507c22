import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** The form of an application's key: also the check of its column. */
export const keyPattern = "^[a-z][a-z0-9-]{0,62}$";

/** The key of the application that is meant where none is named. */
export const PLATFORM = "platform";

/** What an application is called by its own programs, for good. */
export const Key = Schema.String.check(
  Schema.isPattern(new RegExp(keyPattern), { expected: "a word of small letters, digits and hyphens" }),
);

/** A program, or a group of them, with an authorization model of its own. */
export class Model extends VariantModel.Class<Model>("Application")({
  ...Row.entity(IamEntityIds.ApplicationId),
  key: Field.readOnly(Field.required(Key)),
  name: Field.required(Field.text),
}) {}
