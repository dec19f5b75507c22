import * as VariantModel from "effect/schema/Model";
import * as Field from "../Field.ts";
import * as Row from "../Row.ts";
import { OrganizationId } from "../SharedEntityIds.ts";

/** A tenant: what an organization owns is kept apart from every other organization by the database. */
export class Model extends VariantModel.Class<Model>("Organization")({
  ...Row.entity(OrganizationId),
  name: Field.required(Field.text),
  /** The organization's name in addresses; unique in the whole installation, because it is what tells tenants apart. */
  slug: Field.required(Field.text),
  logo: Field.nullable(Field.text),
  /** JSON text, as Better Auth writes it. */
  metadata: Field.nullable(Field.text),
  /** Since when nobody gets in: to its members, its keys and everybody else it is as if it did not exist. */
  suspendedAt: Field.readOnly(Field.nullable(...Field.timestamp)),
}) {}
