/** In whose name something is done. */
import * as Context from "effect/Context";
import type { ApiKeyId } from "./IamEntityIds.ts";
import type { OrganizationId, UserId } from "./SharedEntityIds.ts";

/**
 * Who acts: nobody known, a signed-in user (and the administrator behind, who impersonates them), an organization by its
 * own key, or a part of the system.
 */
export type Actor =
  | { readonly _tag: "Anonymous" }
  | { readonly _tag: "User"; readonly userId: UserId; readonly impersonatedBy: UserId | null }
  | { readonly _tag: "Organization"; readonly organizationId: OrganizationId; readonly apiKeyId: ApiKeyId }
  | { readonly _tag: "System"; readonly name: string };

/** Nobody known. */
export const anonymous: Actor = { _tag: "Anonymous" };

/** Who acts in this fiber; nobody known, unless somebody was authenticated. */
export const CurrentActor = Context.Reference<Actor>("@beep/shared-domain/CurrentActor", {
  defaultValue: () => anonymous,
});

/** The organization in whose scope this fiber runs. */
export class CurrentTenant extends Context.Service<CurrentTenant, OrganizationId>()(
  "@beep/shared-domain/CurrentTenant",
) {}
