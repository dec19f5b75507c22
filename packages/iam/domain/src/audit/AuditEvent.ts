/**
 * An event of the audit log, in the one form in which it is hashed. What a form says can never be said otherwise: a new one
 * gets the next number, and the old ones stay.
 */
import { EntityId, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Base64 from "effect/encoding/Base64";
import * as Result from "effect/Result";
import type * as Schema from "effect/Schema";
import { AuditEventUnknown } from "../errors.ts";
import * as CanonicalJson from "./CanonicalJson.ts";

/** An event as the database holds it. */
export interface Row {
  readonly format: number;
  readonly id: string;
  readonly recordedAt: Date;
  /** In whose chain it stands; the installation's where there is none. */
  readonly organizationId: string | null;
  readonly action: string;
  readonly targetType: string | null;
  readonly targetId: string | null;
  readonly outcome: string;
  /** What the services said of who, where and why; nothing where something else wrote. */
  readonly context: Schema.Json;
  readonly login: string;
  readonly before: Schema.Json;
  readonly after: Schema.Json;
  /** The SHA-256 of the personal data, which is kept apart. */
  readonly personal: Uint8Array | null;
}

/** The organization's id, or `null` for the installation's chain. */
export const chainOf = ({ organizationId }: Pick<Row, "organizationId">): string | null =>
  organizationId === null ? null : SharedEntityIds.OrganizationId.fromUuid(organizationId);

const target = ({ targetId, targetType }: Row): string | null =>
  targetType === null || targetId === null ? null : EntityId.textOf(targetType, targetId);

/** The event's text, as it is hashed and exported (RFC 8785). Fails where its form is none that this version knows. */
export const canonical = (row: Row): Result.Result<string, AuditEventUnknown> =>
  row.format === 1
    ? Result.succeed(
        CanonicalJson.text({
          v: 1,
          id: IamEntityIds.AuditEventId.fromUuid(row.id),
          at: row.recordedAt.toISOString(),
          organization: chainOf(row),
          action: row.action,
          target: target(row),
          outcome: row.outcome,
          context: row.context,
          login: row.login,
          before: row.before,
          after: row.after,
          personal: row.personal === null ? null : Base64.encode(row.personal),
        }),
      )
    : Result.fail(new AuditEventUnknown({ event: row.id, format: row.format }));

/** What the canonical text ends with, as the properties are sorted; before it there are the values that have others within. */
const tail =
  /,"organization":(?:null|"([^"\\]+)"),"outcome":"[^"\\]*","personal":(?:null|"[^"\\]*"),"target":(?:null|"[^"\\]*"),"v":1}$/y;
const TAIL = ',"organization":';

/**
 * The chain of an event by its text: without reading all of it, since what verifies a log does it for each event. Nothing
 * where the text is not one that `canonical` gives.
 */
export const chainIn = (text: string): string | null | undefined => {
  // A quote within a value has a backslash before it, and whatever has properties of its own stands further ahead.
  tail.lastIndex = text.lastIndexOf(TAIL);
  const found = tail.lastIndex < 0 ? null : tail.exec(text);
  return found === null ? undefined : (found[1] ?? null);
};
