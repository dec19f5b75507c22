/**
 * Events for a SIEM, in the Open Cybersecurity Schema Framework (schema.ocsf.io, version 1.3.0): sessions, refused sign-ins
 * and impersonations as its class Authentication, everything else as Entity Management. With each goes the event as it was
 * hashed (`raw_data`).
 */
import { EntityId, SharedEntityIds } from "@beep/shared-domain";
import * as CanonicalJson from "./CanonicalJson.ts";

const VERSION = "1.3.0";

/** Category and class numbers: Identity & Access Management. */
const CATEGORY = 3;
const AUTHENTICATION = 3002;
const ENTITY_MANAGEMENT = 3004;

/** `activity_id` of Entity Management, by the last word of an action. */
const management: Readonly<Record<string, number>> = { created: 1, updated: 3, deleted: 4 };
const OTHER = 99;
/** Of Authentication, by the whole action: to log on, to log off, or what the framework has no number for. */
const authentication: Readonly<Record<string, number>> = {
  "session.created": 1,
  "session.refused": 1,
  "session.deleted": 2,
  "session.confirmation_refused": OTHER,
  "impersonation.begun": OTHER,
  "impersonation.ended": OTHER,
};

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
  readonly before: unknown;
  readonly after: unknown;
}

const textIn = (values: unknown, name: string): string | undefined => {
  const value = values instanceof Object ? new Map<string, unknown>(Object.entries(values)).get(name) : undefined;
  return typeof value === "string" ? value : undefined;
};

/** Whose session it is, or would have been: the target of an intent is the user, that of a change is the row. */
const userOf = ({ action, after, before, target }: Event): string => {
  const { prefix } = SharedEntityIds.UserId;
  if (action !== "session.created" && action !== "session.deleted") return target ?? "";
  const id = textIn(after, "user_id") ?? textIn(before, "user_id");
  return id === undefined ? "" : EntityId.textOf(prefix, id);
};

/**
 * The event as a line: JSON, in which every control character is escaped, and whatever else ends a line for some who read it,
 * so that no value ends a line or begins one.
 *
 * @param canonical the event in its canonical form
 */
export const line = (event: Event, canonical: string): string => {
  const dot = event.action.lastIndexOf(".");
  const [type, verb] = [event.action.slice(0, dot), event.action.slice(dot + 1)];
  const authenticating = authentication[event.action];
  const classId = authenticating === undefined ? ENTITY_MANAGEMENT : AUTHENTICATION;
  const activity = authenticating ?? management[verb] ?? OTHER;
  const actor = textIn(event.context, "actor") ?? event.login;
  const impersonator = textIn(event.context, "impersonator");
  const succeeded = event.outcome === "success";
  const reason = succeeded ? undefined : textIn(event.after, "reason");
  const text = CanonicalJson.text({
    category_uid: CATEGORY,
    category_name: "Identity & Access Management",
    class_uid: classId,
    class_name: authenticating === undefined ? "Entity Management" : "Authentication",
    activity_id: activity,
    type_uid: classId * 100 + activity,
    severity_id: succeeded ? 1 : 3,
    status_id: succeeded ? 1 : 2,
    // Better Auth's code of why, where it is a refusal.
    ...(reason === undefined ? {} : { status_code: reason }),
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
    actor: { user: { uid: actor }, ...(impersonator === undefined ? {} : { invoked_by: impersonator }) },
    ...(authenticating === undefined ? {} : { user: { uid: userOf(event) } }),
    entity: { type, uid: event.target ?? "" },
    // By something else than the services.
    ...(event.context === null ? { observables: [{ name: "out_of_band", type_id: 0, value: event.login }] } : {}),
    raw_data: canonical,
  });
  return text.replaceAll(/[\u007f-\u009f\u2028\u2029]/g, escaped);
};

/** JSON escapes none of those that end a line for some who read it. */
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
