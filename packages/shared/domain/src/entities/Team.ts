import * as VariantModel from "effect/schema/Model";
import * as Field from "../Field.ts";
import * as Row from "../Row.ts";
import { TeamId } from "../SharedEntityIds.ts";

/** A group of members within an organization. */
export class Model extends VariantModel.Class<Model>("Team")({
  ...Row.organizationEntity(TeamId),
  name: Field.required(Field.text),
  /** How many members the team has; Better Auth counts, to enforce a team's limit under concurrency. */
  memberCount: Field.readOnly(Field.defaulted(Field.integer)),
}) {}
