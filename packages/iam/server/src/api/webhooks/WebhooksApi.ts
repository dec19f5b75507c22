/** The routes of an organization's webhooks. */
import { Page, Problems } from "@beep/iam-domain";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint";
import * as HttpApiGroup from "effect/http-api/HttpApiGroup";
import * as HttpApiSchema from "effect/http-api/HttpApiSchema";
import * as OpenApi from "effect/http-api/OpenApi";
import { IdempotencyKey } from "../IdempotencyKey.ts";
import { pageQuery } from "../organizations/schemas.ts";
import { PrincipalRequired } from "../PrincipalRequired.ts";
import { OutcomeUnknown } from "../problem.ts";
import { RequestValidation } from "../RequestValidation.ts";
import { TenantRequired } from "../TenantRequired.ts";
import * as schemas from "./schemas.ts";

const { Conflict, CursorInvalid, NotFound, PermissionMissing, WebhookUrlRefused } = Problems;

const path = { organizationId: SharedEntityIds.OrganizationId };
const webhookPath = { ...path, webhookId: IamEntityIds.WebhookSubscriptionId };

const says = OpenApi.Description;
const refused = [PermissionMissing, OutcomeUnknown] as const;
const root = "/api/organizations/:organizationId/webhooks";

/** Where an organization's events are sent. */
export const webhooks = HttpApiGroup.make("webhooks")
  .add(
    HttpApiEndpoint.get("list", root, {
      params: path,
      query: pageQuery,
      success: Page.of(schemas.Subscription),
      error: [CursorInvalid, ...refused],
    }).annotate(says, "Needs `webhook: read`."),
    HttpApiEndpoint.post("create", root, {
      params: path,
      payload: schemas.NewSubscription,
      success: schemas.Revealed.pipe(HttpApiSchema.status(201)),
      error: [Conflict, WebhookUrlRefused, ...refused],
    }).annotate(says, "Makes a webhook. The answer alone has its secret. Needs `webhook: create`."),
    HttpApiEndpoint.get("get", `${root}/:webhookId`, {
      params: webhookPath,
      success: schemas.Subscription,
      error: [NotFound, ...refused],
    }).annotate(says, "Needs `webhook: read`."),
    HttpApiEndpoint.patch("update", `${root}/:webhookId`, {
      params: webhookPath,
      payload: schemas.SubscriptionChange,
      success: schemas.Subscription,
      error: [NotFound, WebhookUrlRefused, ...refused],
    }).annotate(says, "What happens while it is not enabled is never sent. Needs `webhook: update`."),
    HttpApiEndpoint.delete("remove", `${root}/:webhookId`, {
      params: webhookPath,
      success: HttpApiSchema.NoContent,
      error: [NotFound, ...refused],
    }).annotate(says, "Ends a webhook with its deliveries. Needs `webhook: delete`."),
    HttpApiEndpoint.post("rotateSecret", `${root}/:webhookId/secret`, {
      params: webhookPath,
      payload: schemas.Rotation,
      success: schemas.Revealed,
      error: [NotFound, ...refused],
    }).annotate(says, "Gives it another secret; the old one signs too for a while. Needs `webhook: update`."),
    HttpApiEndpoint.get("listDeliveries", `${root}/:webhookId/deliveries`, {
      params: webhookPath,
      query: schemas.deliveryQuery,
      success: Page.of(schemas.Delivery),
      error: [CursorInvalid, NotFound, ...refused],
    }).annotate(says, "What became of each event, for 30 days after that. Needs `webhook: read`."),
    HttpApiEndpoint.post("replay", `${root}/:webhookId/replay`, {
      params: webhookPath,
      payload: schemas.Replay,
      success: schemas.Replayed,
      error: [NotFound, ...refused],
    }).annotate(says, "Has dead deliveries tried again. Needs `webhook: update`."),
  )
  .middleware(RequestValidation)
  .middleware(TenantRequired)
  .middleware(IdempotencyKey)
  .middleware(PrincipalRequired)
  // A member that a body is not to have is refused: one that is misspelt would else do nothing.
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
  .annotateMerge(OpenApi.annotations({ title: "Webhooks", description: "Where are an organization's events sent?" }));
