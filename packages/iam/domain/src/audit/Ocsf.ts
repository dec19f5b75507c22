/**
 * Events for a SIEM, in the Open Cybersecurity Schema Framework (schema.ocsf.io, version 1.3.0): sessions as its class
 * Authentication, everything else as Entity Management. With each goes the event as it was hashed (`raw_data`).
 */
import * as CanonicalJson from "./CanonicalJson.ts";

const VERSION = "1.3.0";

/** Category and class numbers: Identity & Access Management. */
const CATEGORY = 3;
const AUTHENTICATION = 3002;
const ENTITY_MANAGEMENT = 3004;

/** `activity_id` of Entity Management, by the last word of an action. */
const management: Readonly<Record<string, number>> = { created: 1, updated: 3, deleted: 4 };
/** Of Authentication. */
const authentication: Readonly<Record<string, number>> = { created: 1, deleted: 2 };
const OTHER = 99;

/** What of an event the framework has a place for. */
export interface Event {
  readonly id: string;
  readonly at: string;
  readonly organization: string | null;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: string;
  readonly context: unknown;
  readonly login: string;
}

const textIn = (context: unknown, name: string): string | undefined => {
  const value = context instanceof Object ? new Map<string, unknown>(Object.entries(context)).get(name) : undefined;
  return typeof value === "string" ? value : undefined;
};

/**
 * The event as a line: canonical JSON, in which every control character is escaped, so that no value ends a line or begins
 * one.
 *
 * @param canonical the event in its canonical form
 */
export const line = (event: Event, canonical: string): string => {
  const dot = event.action.lastIndexOf(".");
  const [type, verb] = [event.action.slice(0, dot), event.action.slice(dot + 1)];
  const isSession = type === "session" && verb in authentication;
  const classId = isSession ? AUTHENTICATION : ENTITY_MANAGEMENT;
  const activity = (isSession ? authentication : management)[verb] ?? OTHER;
  const actor = textIn(event.context, "actor") ?? event.login;
  const succeeded = event.outcome === "success";
  return CanonicalJson.text({
    category_uid: CATEGORY,
    category_name: "Identity & Access Management",
    class_uid: classId,
    class_name: isSession ? "Authentication" : "Entity Management",
    activity_id: activity,
    type_uid: classId * 100 + activity,
    severity_id: succeeded ? 1 : 3,
    status_id: succeeded ? 1 : 2,
    time: Date.parse(event.at),
    message: event.action,
    metadata: {
      version: VERSION,
      uid: event.id,
      log_name: "audit",
      ...(event.organization === null ? {} : { tenant_uid: event.organization }),
      ...(textIn(event.context, "trace") === undefined
        ? {}
        : { correlation_uid: textIn(event.context, "trace") ?? "" }),
      product: { name: "@beep/iam", vendor_name: "beep" },
    },
    actor: { user: { uid: actor } },
    ...(isSession ? { user: { uid: actor } } : {}),
    entity: { type, uid: event.target ?? "" },
    // By something else than the services.
    ...(event.context === null ? { observables: [{ name: "out_of_band", type_id: 0, value: event.login }] } : {}),
    raw_data: canonical,
  });
};
