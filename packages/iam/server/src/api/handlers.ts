/** What the routes of `IamApi` do. */
import { SqlState } from "@beep/db-admin";
import { Session, User } from "@beep/iam-domain/entities";
import * as Effect from "effect/Effect";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as Struct from "effect/Struct";
import * as SqlClient from "effect/sql/SqlClient";
import type { UserRow } from "../auth/Api.ts";
import { CurrentSession } from "./Authentication.ts";
import { IamApi, sessionFields, userFields } from "./IamApi.ts";
import * as organizations from "./organizations/handlers.ts";
import { DatabaseUnavailable } from "./problem.ts";
import * as webhooks from "./webhooks/handlers.ts";

const ok = { status: "ok" } as const;

const system = HttpApiBuilder.group(
  IamApi,
  "system",
  Effect.fnUntraced(function* (handlers) {
    const sql = yield* SqlClient.SqlClient;
    return handlers.handleAll({
      health: () => Effect.succeed(ok),
      ready: () =>
        sql`select 1`.pipe(
          Effect.timeout("2 seconds"),
          Effect.catch((error) =>
            Effect.andThen(
              Effect.logWarning(`The database does not answer: ${SqlState.message(error)}`),
              new DatabaseUnavailable(),
            ),
          ),
          Effect.as(ok),
        ),
    });
  }),
);

const fromRow = {
  session: Schema.decodeEffect(
    Schema.Struct({
      ...Struct.pick(Session.Model.select.fields, Struct.keys(sessionFields)),
      // Better Auth's rows are in clear.
      ...Struct.pick(Session.Model.json.fields, ["ipAddress", "userAgent"]),
    }),
  ),
  user: Schema.decodeEffect(Schema.Struct(Struct.pick(User.Model.select.fields, Struct.keys(userFields)))),
};

/** The fields that plugins give to users: where one is not enabled, Better Auth does not know of them. */
const unknown = {
  username: null,
  displayUsername: null,
  phoneNumber: null,
  phoneNumberVerified: null,
  isAnonymous: null,
  lastLoginMethod: null,
} satisfies Partial<UserRow>;

const session = HttpApiBuilder.group(IamApi, "session", (handlers) =>
  handlers.handle("session", () =>
    Effect.gen(function* () {
      const current = yield* CurrentSession;
      return {
        session: yield* fromRow.session(current.session),
        user: yield* fromRow.user({ ...unknown, ...current.user }),
      };
    }).pipe(Effect.orDie),
  ),
);

/** The handlers of every group. */
export const layer = Layer.mergeAll(system, session, organizations.layer, webhooks.layer);
