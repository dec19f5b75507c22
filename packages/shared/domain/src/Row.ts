/** The fields that every entity's row has. */
import * as Schema from "effect/Schema";
import * as Model from "effect/schema/Model";
import type * as EntityId from "./EntityId.ts";
import * as Field from "./Field.ts";
import { OrganizationId } from "./SharedEntityIds.ts";

/**
 * `id`, `createdAt`, `updatedAt`, `version`. The id and the time of creation are given once; the database moves
 * `updatedAt` and `version`. An update may state the `version` that it read, and then fails as stale when the row has
 * moved on.
 */
export const entity = <Name extends string, Prefix extends string, TableName extends string>(
  Id: EntityId.EntityId<Name, Prefix, TableName>,
) => ({
  id: Model.Field({ select: Id, insert: Schema.optional(Id), json: Id }),
  createdAt: Model.Field({
    select: Field.timestamp[0],
    insert: Schema.optional(Field.timestamp[0]),
    json: Field.timestamp[1],
  }),
  updatedAt: Model.Field({ select: Field.timestamp[0], json: Field.timestamp[1] }),
  version: Model.Field({
    select: Field.integer,
    update: Schema.optional(Field.integer),
    json: Field.integer,
    jsonUpdate: Schema.optional(Field.integer),
  }),
});

/** The fields of an entity that belongs to an organization; inside a tenant's scope the organization is known. */
export const organizationEntity = <Name extends string, Prefix extends string, TableName extends string>(
  Id: EntityId.EntityId<Name, Prefix, TableName>,
) => ({
  ...entity(Id),
  organizationId: Model.Field({
    select: OrganizationId,
    insert: Schema.optional(OrganizationId),
    json: OrganizationId,
  }),
});
