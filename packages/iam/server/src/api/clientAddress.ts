import type * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as Option from "effect/Option";
import type { Settings } from "../auth/settings.ts";

/**
 * The client's address: what the proxy in front says or, where none is named, that of the connection. A proxy appends
 * what it saw to what the client claimed, so that the last address counts.
 */
export const clientAddress = (
  request: HttpServerRequest.HttpServerRequest,
  { clientAddressHeader }: Pick<Settings, "clientAddressHeader">,
): string | undefined =>
  Option.match(clientAddressHeader, {
    onNone: () => Option.getOrUndefined(request.remoteAddress),
    onSome: (name) => request.headers[name.toLowerCase()]?.split(",").at(-1)?.trim(),
  });
