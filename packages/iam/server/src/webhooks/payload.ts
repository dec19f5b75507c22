/** What a webhook is sent of an event: the form that its receivers hold on to. */
import { EntityId, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import type { EventRow } from "../audit/rows.ts";

/** Who did it, as the services recorded it; where from is not told. */
const Who = Schema.Struct({
  actor: Schema.optionalKey(Schema.String),
  impersonator: Schema.optionalKey(Schema.String),
  key: Schema.optionalKey(Schema.String),
  trace: Schema.optionalKey(Schema.String),
});

const whoIn = Schema.decodeUnknownOption(Who);

/** An event as JSON: the same text each time. Personal data and secrets are in no event, and so in none of these. */
export const payload = (event: EventRow, index: bigint): string =>
  JSON.stringify({
    type: event.action,
    timestamp: event.recorded_at.toISOString(),
    data: {
      id: IamEntityIds.AuditEventId.fromUuid(event.id),
      // As text: it is counted further than every reader of JSON counts.
      index: `${index}`,
      organization:
        event.organization_id === null ? null : SharedEntityIds.OrganizationId.fromUuid(event.organization_id),
      target:
        event.target_type === null || event.target_id === null
          ? null
          : EntityId.textOf(event.target_type, event.target_id),
      outcome: event.outcome,
      // Nothing where something else than the services wrote.
      who: Option.getOrNull(whoIn(event.context)),
      before: event.before,
      after: event.after,
    },
  });
