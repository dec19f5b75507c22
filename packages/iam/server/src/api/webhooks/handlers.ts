/** What the routes of webhooks do: each is one operation of the service. */
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import { Webhooks } from "../../webhooks/Webhooks.ts";
import { IamApi } from "../IamApi.ts";
import { answered, ended } from "../organizations/handlers.ts";

/** The handlers of the group. */
export const layer = HttpApiBuilder.group(
  IamApi,
  "webhooks",
  Effect.fnUntraced(function* (handlers) {
    const webhooks = yield* Webhooks;
    return handlers.handleAll({
      list: ({ query }) => answered(webhooks.list(query)),
      create: ({ payload }) => answered(webhooks.create(payload)),
      get: ({ params }) => answered(webhooks.get(params.webhookId)),
      update: ({ params, payload }) => answered(webhooks.update(params.webhookId, payload)),
      remove: ({ params }) => ended(webhooks.remove(params.webhookId)),
      rotateSecret: ({ params, payload: { overlapHours } }) =>
        answered(
          webhooks.rotateSecret(
            params.webhookId,
            overlapHours === undefined ? undefined : Duration.hours(overlapHours),
          ),
        ),
      listDeliveries: ({ params, query }) => answered(webhooks.deliveries(params.webhookId, query)),
      replay: ({ params, payload: { ids } }) =>
        answered(
          Effect.map(webhooks.replay(params.webhookId, ids === undefined ? "all" : { ids }), (replayed) => ({
            replayed,
          })),
        ),
    });
  }),
);
