/**
 * What the services of organizations refuse. Each is a tagged error for who calls the service, and over HTTP a problem
 * (RFC 9457) with its stable `code`. None of them says anything of another organization.
 */
import * as Effect from "effect/Effect";
import * as ProblemDetails from "effect/http/ProblemDetails";
import * as HttpApiError from "effect/http-api/HttpApiError";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";

const problem = <Status extends number>(status: Status, title: string) => ({
  type: ProblemDetails.blankType,
  status,
  title,
});

/** A text is for people, and whoever reads an answer takes any: a literal would make each mended word a new protocol. */
const says = (detail: string) => Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed(detail)));

/** A request names no organization, and the principal is in none at the moment. */
export class TenantMissing extends HttpApiError.Problem<TenantMissing>()("TenantMissing", problem(400, "Bad Request"), {
  code: Schema.tag("TENANT_MISSING"),
  detail: says("The request names no organization."),
}) {}

/** What names an organization is no id of one, or the request names two. */
export class TenantMalformed extends HttpApiError.Problem<TenantMalformed>()(
  "TenantMalformed",
  problem(400, "Bad Request"),
  {
    code: Schema.tag("INVALID_ID"),
    detail: says("The request does not name one organization by an id of the form organization_…."),
  },
) {}

/** The organization does not exist, is suspended, or the principal is not in it: it is not told which. */
export class TenantNotFound extends HttpApiError.Problem<TenantNotFound>()(
  "TenantNotFound",
  problem(404, "Not Found"),
  { code: Schema.tag("ORGANIZATION_NOT_FOUND"), detail: says("There is no such organization.") },
) {}

/** A cursor is malformed, or was made for another organization, another list or another order. */
export class CursorInvalid extends HttpApiError.Problem<CursorInvalid>()("CursorInvalid", problem(400, "Bad Request"), {
  code: Schema.tag("INVALID_CURSOR"),
  detail: says("The cursor does not belong to this list in this order."),
}) {}

/** What is to be invited is no address that mail can reach. */
export class EmailInvalid extends HttpApiError.Problem<EmailInvalid>()("EmailInvalid", problem(400, "Bad Request"), {
  code: Schema.tag("INVALID_EMAIL"),
  detail: says("This is no address that mail can reach."),
}) {}

/** A role cannot have this name, because a list of roles could not have it. */
export class RoleNameInvalid extends HttpApiError.Problem<RoleNameInvalid>()(
  "RoleNameInvalid",
  problem(400, "Bad Request"),
  {
    code: Schema.tag("INVALID_ROLE_NAME"),
    detail: says("The name of a role is not empty, and has neither commas nor space at its ends."),
  },
) {}

/** To this address nothing is sent: the detail says why. */
export class WebhookUrlRefused extends HttpApiError.Problem<WebhookUrlRefused>()(
  "WebhookUrlRefused",
  problem(400, "Bad Request"),
  { code: Schema.tag("WEBHOOK_URL_REFUSED"), detail: Schema.String },
) {}

/** The principal may not do this in the organization. */
export class PermissionMissing extends HttpApiError.Problem<PermissionMissing>()(
  "PermissionMissing",
  problem(403, "Forbidden"),
  {
    code: Schema.tag("PERMISSION_MISSING"),
    /** The actions by resource that were needed; empty where only an owner may. */
    permissions: Schema.Record(Schema.String, Schema.Array(Schema.String)),
  },
) {}

const notFound = {
  INVITATION_NOT_FOUND: "There is no such invitation, or it is not pending any more.",
  MEMBER_NOT_FOUND: "The organization has no such member.",
  ROLE_NOT_FOUND: "The organization has no such role.",
  TEAM_NOT_FOUND: "The organization has no such team.",
  USER_NOT_FOUND: "There is no such user.",
  WEBHOOK_NOT_FOUND: "The organization has no such webhook.",
} as const;

/** Something does not exist in the organization. */
export class NotFound extends HttpApiError.Problem<NotFound>()("NotFound", problem(404, "Not Found"), {
  code: Schema.Literals(Struct.keys(notFound)),
}) {
  static readonly of = (code: keyof typeof notFound): NotFound => new NotFound({ code, detail: notFound[code] });
}

const conflicts = {
  ALREADY_A_MEMBER: "Whom the request names is a member already.",
  ALREADY_INVITED: "The address is invited already.",
  INVITATION_LIMIT_REACHED: "The organization has as many pending invitations as it may have.",
  LAST_OWNER: "The organization would be left without an owner.",
  LAST_TEAM: "The organization would be left without a team.",
  MEMBER_LIMIT_REACHED: "The organization has as many members as it may have.",
  ROLE_IN_USE: "A member or a pending invitation has the role.",
  ROLE_NAME_TAKEN: "There is a role of this name already.",
  SLUG_TAKEN: "There is an organization of this slug already.",
  WEBHOOK_LIMIT_REACHED: "The organization has as many webhooks as it may have.",
} as const;

/** The change contradicts what is there. */
export class Conflict extends HttpApiError.Problem<Conflict>()("Conflict", problem(409, "Conflict"), {
  code: Schema.Literals(Struct.keys(conflicts)),
}) {
  static readonly of = (code: keyof typeof conflicts): Conflict => new Conflict({ code, detail: conflicts[code] });
}
