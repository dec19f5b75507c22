/** Asks whose request it is, for who answers it. */
import type { Errors } from "@beep/iam-domain";
import * as Effect from "effect/Effect";
import * as Cookies from "effect/http/Cookies";
import * as HttpEffect from "effect/http/HttpEffect";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as Option from "effect/Option";
import type { Authenticated } from "../auth/principals/principals.ts";

/** What Better Auth refuses to look at has no session, and is by nobody. */
const nobody = { session: Option.none(), principal: Option.none(), setCookies: [] };

/** What was found; the answer tells the browser what it is to be told, whatever else it says. */
export const identified = Effect.fnUntraced(function* <Found extends Authenticated>(
  asked: Effect.Effect<Found, Errors.AuthError>,
) {
  const found = yield* Effect.catch(asked, (error) =>
    error.status < 500 ? Effect.succeed(nobody) : Effect.die(error),
  );
  if (found.setCookies.length > 0)
    yield* HttpEffect.appendPreResponseHandler((_, response) =>
      Effect.succeed(HttpServerResponse.mergeCookies(response, Cookies.fromSetCookie(found.setCookies))),
    );
  return found;
});
