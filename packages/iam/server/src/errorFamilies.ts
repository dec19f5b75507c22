/** Every family of error codes that the services have: the page of errors is made from it. */
import { ErrorCatalogue } from "@beep/iam-domain";
import type * as problem from "./api/problem.ts";
import type * as Mailer from "./auth/Mailer.ts";
import type * as TextMessages from "./auth/TextMessages.ts";

/** What our own routes answer. Codes that authentication has too are explained there. */
const routes: Readonly<
  Record<
    Exclude<
      ErrorCatalogue.CodesOf<typeof problem>,
      "BAD_REQUEST" | "COMMIT_UNKNOWN" | "INVALID_ID" | "INVALID_ORIGIN" | "MISSING_OR_NULL_ORIGIN"
    >,
    ErrorCatalogue.Explanation
  >
> = {
  UNAUTHORIZED: {
    statuses: [401],
    cause:
      "The request carries no live session or, where the route takes these, no API key and access token that holds.",
    remedy: "Sign in, and send the session's cookie; or send a key or a token of somebody who may act.",
  },
  IDEMPOTENCY_KEY_MALFORMED: {
    statuses: [400],
    cause: "`Idempotency-Key` is not one text of 1 to 255 visible ASCII characters, quoted or not.",
    remedy: "Send a random one for each change, a UUID for instance, and the same one when the change is sent again.",
  },
  IDEMPOTENCY_KEY_UNSUPPORTED: {
    statuses: [400],
    cause: "`Idempotency-Key` was sent with a change to a route below `/api/auth`, which would not have made it once.",
    remedy: "Send the change without it, or by a route that keeps keys: those of `/openapi.json` that have the header.",
  },
  IDEMPOTENCY_KEY_IN_USE: {
    statuses: [409],
    cause: "A request of the same key is being answered at the moment, and this one has waited for it.",
    remedy: "Send the request again after the seconds in `Retry-After`, with the same key.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    statuses: [422],
    cause: "The key was sent before with another request: another route, query or body.",
    remedy: "Send a new key with a new request.",
  },
  DATABASE_UNAVAILABLE: {
    statuses: [503],
    cause: "The database does not answer in time.",
    remedy: "Try again later; an operator looks after the database.",
  },
};

/** What senders fail with. */
const mail: Readonly<
  Record<
    ErrorCatalogue.CodesOf<typeof Mailer> | ErrorCatalogue.CodesOf<typeof TextMessages>,
    ErrorCatalogue.Explanation
  >
> = {
  MAIL_FAILED: {
    statuses: [],
    cause: "A mail could not be handed to the SMTP server, or not be written to the folder; the log says why.",
    remedy: "Correct IAM_SMTP_URL, IAM_MAIL_FROM or IAM_MAIL_DIR; then let the mail be asked for again.",
  },
  TEXT_MESSAGE_FAILED: {
    statuses: [],
    cause: "A text message could not be handed to the gateway, or not be written to the folder; the log says why.",
    remedy: "Correct IAM_TEXT_MESSAGES_URL or IAM_TEXT_MESSAGES_TOKEN; then let the code be asked for again.",
  },
};

/** The domain's families, and those of the services. */
export const errorFamilies: ReadonlyArray<ErrorCatalogue.Family> = [
  ...ErrorCatalogue.families,
  {
    title: "Mail and text messages",
    says: "Of a `Mailer` and of `TextMessages`; no request fails by them.",
    codes: mail,
  },
  {
    title: "What `iam doctor` finds",
    says: "Each finding says more: which key, login or table, and what to type.",
    codes: ErrorCatalogue.findings,
  },
  { title: "Routes beside Better Auth's", says: "Problem details of the routes in `IamApi`.", codes: routes },
];
