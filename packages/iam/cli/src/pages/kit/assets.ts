/** The stylesheet, the icon and the script of the pages. */
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import { Site } from "./Site.ts";

/** Serves them, to be kept for good: what is in them never changes. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const { stylesheet, icon, passkeys } = yield* Site;
    yield* Effect.forEach([stylesheet, icon, passkeys], ({ path, type, text }) =>
      router.add(
        "GET",
        path,
        HttpServerResponse.text(text, {
          contentType: type,
          headers: { "cache-control": "public, max-age=31536000, immutable" },
        }),
      ),
    );
  }),
);
