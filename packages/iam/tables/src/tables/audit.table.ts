/** The log of what changed: what the database records, and what makes it a log that nobody can rewrite unseen. */
import { Envelope, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Record } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

/** In whose chain: an organization's, or the installation's. The log outlives the organization. */
const chain = () => Columns.id("organization_id", SharedEntityIds.OrganizationId);

/**
 * What changed, written by triggers in the changing transaction. In partitions by time. `horizon`, `running` and `number`
 * say what the transaction had seen by then, of which the order in the log is made.
 */
export const auditEvent = Record.make("iam_audit_events")(
  {
    // Of which form the event is; what it is hashed by, of which the form can never change again.
    format: pg.smallint("format").notNull().default(1),
    id: Columns.id("id", IamEntityIds.AuditEventId).notNull().default(sql`gen_random_uuid()`),
    recordedAt: Columns.timestamp("recorded_at").notNull().default(sql`clock_timestamp()`),
    organizationId: chain(),
    action: pg.text("action").notNull(),
    targetType: pg.text("target_type"),
    targetId: pg.uuid("target_id"),
    outcome: pg.text("outcome").notNull().default("success"),
    // Who, where and why, as the services say it; none where something else wrote.
    context: pg.jsonb("context"),
    login: pg.text("login").notNull().default(sql`session_user`),
    before: pg.jsonb("before"),
    after: pg.jsonb("after"),
    // The digest of the personal data, which is kept in the event's envelope and may be destroyed.
    personal: Columns.bytes("personal"),
    transaction: Columns.transaction("transaction").notNull().default(sql`pg_current_xact_id()`),
    horizon: Columns.transaction("horizon").notNull(),
    running: pg.integer("running").notNull(),
    number: pg.integer("number").notNull(),
  },
  (t) => [
    pg.primaryKey({ name: "iam_audit_events_pkey", columns: [t.recordedAt, t.id] }),
    pg.index("iam_audit_events_transaction_idx").on(t.transaction),
    // Few, and to be found among all.
    pg.index("iam_audit_events_retired_idx").on(t.recordedAt).where(sql`action = 'log.retired'`),
    pg.check("iam_audit_events_outcome_check", sql`${t.outcome} in ('success', 'failure')`),
  ],
  { services: ["select"], immutable: true, written: "by the database", partitioned: "recorded_at" },
);

/** The personal data of an event: as it was recorded, until it is sealed under the person's key. */
export const auditEnvelope = Record.make("iam_audit_envelopes")(
  {
    eventId: Columns.id("event_id", IamEntityIds.AuditEventId).primaryKey(),
    subjectType: pg.text("subject_type").notNull(),
    subjectId: pg.uuid("subject_id").notNull(),
    // JSON with a salt, whose digest stands in the event.
    recorded: pg.text("recorded"),
    sealed: pg.text("sealed"),
  },
  (t) => [
    pg.index("iam_audit_envelopes_subject_idx").on(t.subjectType, t.subjectId),
    pg.index("iam_audit_envelopes_recorded_idx").on(t.eventId).where(sql`${t.recorded} is not null`),
    pg.check("iam_audit_envelopes_one_form_check", sql`num_nonnulls(${t.recorded}, ${t.sealed}) = 1`),
    pg.check("iam_audit_envelopes_sealed", sql`${t.sealed} ~ ${sql.raw(`'${Envelope.pattern}'`)}`),
  ],
  {
    services: ["select", "update", "delete"],
    written: "by the database",
    sealed: ["sealed"],
    key: "event_id",
    prefix: IamEntityIds.AuditEventId.prefix,
  },
);

/** An event's place in the log and in its chain. */
export const auditSeal = Record.make("iam_audit_seals")(
  {
    index: pg.bigint("index", { mode: "bigint" }).primaryKey(),
    organizationId: chain(),
    position: pg.bigint("position", { mode: "bigint" }).notNull(),
    eventId: Columns.id("event_id", IamEntityIds.AuditEventId).notNull().unique(),
    recordedAt: Columns.timestamp("recorded_at").notNull(),
    hash: Columns.bytes("hash").notNull(),
    // The hashes of the subtrees that this leaf completes, from the lowest to the highest.
    nodes: Columns.bytes("nodes").notNull(),
  },
  (t) => [
    pg.unique("iam_audit_seals_chain_unique").on(t.organizationId, t.position).nullsNotDistinct(),
    pg.check("iam_audit_seals_hash_check", sql`octet_length(${t.hash}) = 32`),
  ],
  { services: ["select", "insert"], immutable: true },
);

/** Where the log stands. Whoever seals has it locked. */
export const auditHead = Record.make("iam_audit_heads")(
  {
    only: pg.boolean("only").primaryKey().default(true),
    size: pg.bigint("size", { mode: "bigint" }).notNull(),
    // The roots of the complete subtrees of which the tree is made, from the largest to the smallest.
    frontier: Columns.bytes("frontier").notNull(),
    // What was seen by then, of which database.
    snapshot: pg.text("snapshot").notNull(),
    system: pg.text("system").notNull(),
    // Of another server's transactions the numbers say nothing here: of a log that came from there, what was recorded since.
    since: Columns.timestamp("since"),
    moving: pg.boolean("moving").notNull().default(false),
    // Of what was seen beyond that, a part is sealed already.
    partial: pg.boolean("partial").notNull().default(false),
    checkpoint: pg.text("checkpoint"),
    sealedAt: Columns.timestamp("sealed_at").notNull(),
  },
  (t) => [pg.check("iam_audit_heads_only_check", sql`${t.only}`)],
  { services: ["select", "insert", "update"] },
);

/** What was signed, now and then, so that there is something older to compare with. */
export const auditCheckpoint = Record.make("iam_audit_checkpoints")(
  {
    size: pg.bigint("size", { mode: "bigint" }).primaryKey(),
    note: pg.text("note").notNull(),
    createdAt: Columns.timestamp("created_at").notNull(),
  },
  () => [],
  { services: ["select", "insert"], immutable: true },
);
