/** Who has which relation to what, by which model, and what follows from it and is kept so that it need not be found anew. */
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, currentOrganization, organization, Record, Table } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";
import { application } from "./application.table.ts";

export const authorizationModel = Table.make(IamEntityIds.AuthorizationModelId)(
  {
    applicationId: Columns.id("application_id", IamEntityIds.ApplicationId)
      .notNull()
      .references(() => application.id, { onDelete: "cascade" }),
    number: pg.integer("number").notNull(),
    source: pg.text("source").notNull(),
  },
  (t) => [
    pg.unique("iam_authorization_models_application_id_number_unique").on(t.applicationId, t.number),
    pg.check("iam_authorization_models_number_check", sql`${t.number} > 0`),
  ],
);

/**
 * In which organization a fact holds, and of which application's types it speaks. An application that facts speak of is not
 * deleted, and so there is no index to find them by.
 */
const space = () => ({
  organizationId: Columns.id("organization_id", SharedEntityIds.OrganizationId)
    .notNull()
    .references(() => organization.id, { onDelete: "cascade" }),
  applicationId: Columns.id("application_id", IamEntityIds.ApplicationId)
    .notNull()
    .references(() => application.id),
});

/** Compared byte by byte: so they are in the order in which lists are paged, whatever the database's own is. */
const name = Columns.bytewise;

/** A tenant's own queries may ask who may do what in them; they see the facts of their organization, and write none. */
const tenantReads = <Column extends { readonly name: string }>(
  columns: Readonly<{ [_ in string]: Column }>,
  more = sql``,
) =>
  new Table.TenantMayRead({
    rows: sql`organization_id = (select ${currentOrganization})${more}`,
    columns: Object.values(columns),
  });

/** That a subject has a relation to an object. `subject_relation` is empty where the subject is the object itself. */
export const relation = Record.make("iam_relations")(
  {
    ...space(),
    objectType: name("object_type").notNull(),
    objectId: name("object_id").notNull(),
    relation: name("relation").notNull(),
    subjectRelation: name("subject_relation").notNull(),
    subjectType: name("subject_type").notNull(),
    subjectId: name("subject_id").notNull(),
    condition: pg.text("condition"),
    context: pg.jsonb("context"),
    expiresAt: Columns.timestamp("expires_at"),
    createdAt: Columns.timestamp("created_at").notNull().defaultNow(),
  },
  (t) => [
    // What tells most comes first: so no look-up of an object takes the index of the subjects, or the other way about, also
    // where nothing is known yet of a table that was just filled.
    pg.primaryKey({
      name: "iam_relations_pkey",
      columns: [
        t.objectId,
        t.objectType,
        t.relation,
        t.organizationId,
        t.applicationId,
        t.subjectRelation,
        t.subjectType,
        t.subjectId,
      ],
    }),
    // What a subject has, in the order of the objects.
    pg
      .uniqueIndex("iam_relations_subject_idx")
      .on(
        t.subjectId,
        t.subjectType,
        t.subjectRelation,
        t.organizationId,
        t.applicationId,
        t.objectType,
        t.relation,
        t.objectId,
      ),
    pg.index("iam_relations_organization_id_idx").on(t.organizationId),
    pg.check("iam_relations_context_check", sql`${t.context} is null or ${t.condition} is not null`),
    tenantReads(t),
  ],
  { services: ["select", "insert", "update", "delete"] },
);

/**
 * Relations that nest like groups, by the model in force: a tuple of the relation may name those who have one to another
 * object, without a condition, and nothing else is in the way.
 */
export const nestedRelation = Record.make("iam_nested_relations")(
  {
    applicationId: Columns.id("application_id", IamEntityIds.ApplicationId)
      .notNull()
      .references(() => application.id, { onDelete: "cascade" }),
    objectType: name("object_type").notNull(),
    relation: name("relation").notNull(),
    subjectType: name("subject_type").notNull(),
    subjectRelation: name("subject_relation").notNull(),
  },
  (t) => [
    pg.primaryKey({
      name: "iam_nested_relations_pkey",
      columns: [t.applicationId, t.objectType, t.relation, t.subjectType, t.subjectRelation],
    }),
  ],
  { services: ["select", "insert", "delete"] },
);

/** Which groups are within which others, over however many between them, and until when. Kept by the database itself. */
export const relationNesting = Record.make("iam_relation_nestings")(
  {
    ...space(),
    outerType: name("outer_type").notNull(),
    outerId: name("outer_id").notNull(),
    outerRelation: name("outer_relation").notNull(),
    innerType: name("inner_type").notNull(),
    innerId: name("inner_id").notNull(),
    innerRelation: name("inner_relation").notNull(),
    expiresAt: Columns.timestamp("expires_at"),
  },
  (t) => [
    pg.primaryKey({
      name: "iam_relation_nestings_pkey",
      columns: [
        t.outerId,
        t.outerType,
        t.outerRelation,
        t.organizationId,
        t.applicationId,
        t.innerType,
        t.innerId,
        t.innerRelation,
      ],
    }),
    pg
      .uniqueIndex("iam_relation_nestings_inner_idx")
      .on(
        t.innerId,
        t.innerType,
        t.innerRelation,
        t.organizationId,
        t.applicationId,
        t.outerType,
        t.outerRelation,
        t.outerId,
      ),
    pg.index("iam_relation_nestings_organization_id_idx").on(t.organizationId),
    tenantReads(t),
  ],
  { services: ["select", "insert", "delete"] },
);

/** How often the policy of an organization was changed; where there is none, what holds for all. */
export const policyRevision = Record.make("iam_policy_revisions")(
  {
    organizationId: Columns.id("organization_id", SharedEntityIds.OrganizationId).references(() => organization.id, {
      onDelete: "cascade",
    }),
    revision: pg.bigint("revision", { mode: "bigint" }).notNull(),
  },
  (t) => [
    pg.unique("iam_policy_revisions_organization_id_unique").on(t.organizationId).nullsNotDistinct(),
    // Also what holds for all: by it a tenant's own statement tells whether the model that it was made by is in force.
    tenantReads(t, sql` or organization_id is null`),
  ],
  { services: ["select", "insert", "update"] },
);
