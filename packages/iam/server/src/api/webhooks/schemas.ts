/** What the routes of webhooks take and answer. */
import { Webhook, WebhookDelivery } from "@beep/iam-domain";
import { Field, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import { Instant, pageQuery } from "../organizations/schemas.ts";

const Url = Field.text.check(Schema.isMaxLength(2_048));

const Description = Schema.NullOr(Field.text.check(Schema.isMaxLength(255)));

const fields = {
  id: IamEntityIds.WebhookSubscriptionId,
  organizationId: SharedEntityIds.OrganizationId,
  url: Schema.String,
  description: Schema.NullOr(Schema.String),
  actions: Schema.Array(Schema.String),
  enabled: Schema.Boolean,
  previousUntil: Schema.NullOr(Instant),
  createdAt: Instant,
};

export const Subscription = Schema.Struct(fields).annotate({ identifier: "OrganizationWebhook" });

export const Revealed = Schema.Struct({
  ...fields,
  secret: Schema.RedactedFromValue(Schema.String).annotate({ description: "Shown this once." }),
}).annotate({ identifier: "OrganizationWebhookWithSecret" });

export const NewSubscription = Schema.Struct({
  url: Url,
  description: Schema.optionalKey(Description),
  actions: Webhook.Actions,
  enabled: Schema.optionalKey(Schema.Boolean),
});

export const SubscriptionChange = Schema.Struct({
  url: Schema.optionalKey(Url),
  description: Schema.optionalKey(Description),
  actions: Schema.optionalKey(Webhook.Actions),
  enabled: Schema.optionalKey(Schema.Boolean),
});

export const Rotation = Schema.Struct({
  overlapHours: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 168 })).annotate({
      description: "For how long the old secret signs too; 24 unless it is said.",
    }),
  ),
});

export const Delivery = Schema.Struct({
  id: IamEntityIds.WebhookDeliveryId,
  subscriptionId: IamEntityIds.WebhookSubscriptionId,
  eventId: IamEntityIds.AuditEventId,
  state: WebhookDelivery.State,
  attempts: Schema.Int,
  dueAt: Instant,
  status: Schema.NullOr(Schema.Int),
  error: Schema.NullOr(Schema.String),
  createdAt: Instant,
  deliveredAt: Schema.NullOr(Instant),
  deadAt: Schema.NullOr(Instant),
}).annotate({ identifier: "OrganizationWebhookDelivery" });

export const deliveryQuery = { ...pageQuery, state: Schema.optionalKey(WebhookDelivery.State) };

export const Replay = Schema.Struct({
  ids: Schema.optionalKey(
    Schema.Array(IamEntityIds.WebhookDeliveryId)
      .check(Schema.isMinLength(1), Schema.isMaxLength(100))
      .annotate({ description: "All dead deliveries of the webhook, unless it is said." }),
  ),
});

export const Replayed = Schema.Struct({ replayed: Schema.Int }).annotate({
  identifier: "OrganizationWebhookReplayed",
});
