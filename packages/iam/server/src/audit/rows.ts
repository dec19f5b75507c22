/** Events and seals as the database gives them. */
import { AuditEvent, type Errors } from "@beep/iam-domain";
import type * as Result from "effect/Result";
import type * as Schema from "effect/Schema";

/** The columns of an event, of a table that a statement calls `e`. */
export const eventColumns = `e.format, e.id, e.recorded_at, e.organization_id, e.action, e.target_type, e.target_id,
  e.outcome, e.context, e.login, e.before, e.after, e.personal`;

/** What those columns hold. */
export interface EventRow {
  readonly format: number;
  readonly id: string;
  readonly recorded_at: Date;
  readonly organization_id: string | null;
  readonly action: string;
  readonly target_type: string | null;
  readonly target_id: string | null;
  readonly outcome: string;
  readonly context: Schema.Json;
  readonly login: string;
  readonly before: Schema.Json;
  readonly after: Schema.Json;
  readonly personal: Uint8Array | null;
}

/** The event in the form in which it is hashed. */
export const canonical = (row: EventRow): Result.Result<string, Errors.AuditEventUnknown> =>
  AuditEvent.canonical({
    format: row.format,
    id: row.id,
    recordedAt: row.recorded_at,
    organizationId: row.organization_id,
    action: row.action,
    targetType: row.target_type,
    targetId: row.target_id,
    outcome: row.outcome,
    context: row.context,
    login: row.login,
    before: row.before,
    after: row.after,
    personal: row.personal,
  });

/** The chain of a row, as the log names it. */
export const chainOf = (row: { readonly organization_id: string | null }): string | null =>
  AuditEvent.chainOf({ organizationId: row.organization_id });

/** Hashes one after the other, as a column holds them. */
export const joined = (hashes: ReadonlyArray<Uint8Array>): Uint8Array => Buffer.concat(hashes);

/** And apart again. */
export const apart = (bytes: Uint8Array): ReadonlyArray<Uint8Array> =>
  Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(at * 32, at * 32 + 32));
