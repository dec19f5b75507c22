/** The address that was typed last, for a few minutes: pages that speak of it need not have it in their own address. */
import * as Effect from "effect/Effect";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import { Site } from "./Site.ts";

const NAME = "iam.typed_address";

/** The address, or nothing. */
export const address: Effect.Effect<string, never, HttpServerRequest.HttpServerRequest> = Effect.map(
  HttpServerRequest.HttpServerRequest,
  ({ cookies }) => cookies[NAME] ?? "",
);

/** Keeps it in the browser. */
export const keep = Effect.fnUntraced(function* (response: HttpServerResponse.HttpServerResponse, email: string) {
  const { settings } = yield* Site;
  return HttpServerResponse.setCookieUnsafe(response, NAME, email, {
    httpOnly: true,
    sameSite: "lax",
    secure: settings.baseUrl.protocol === "https:",
    path: "/",
    maxAge: "15 minutes",
  });
});
