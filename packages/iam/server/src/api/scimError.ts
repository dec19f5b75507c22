/** Error answers below `/scim/v2`, whose clients know no other form than SCIM's. */
import * as Predicate from "effect/Predicate";
import { BASE_PATH } from "../auth/betterAuth.ts";
import { MEDIA_TYPE, scimError } from "../auth/directories/scimError.ts";

/** Whether an address is of SCIM. */
export const isScim = (url: string): boolean => url.startsWith(`${BASE_PATH}/scim/v2/`);

/** An error that was answered before SCIM's own code was asked, in its form. */
export const asScimError = async (response: Response): Promise<Response> => {
  const type = response.headers.get("content-type") ?? "";
  if (response.status < 400 || type.startsWith(MEDIA_TYPE)) return response;
  const text = await response.text();
  // Problem details have the text by another name.
  const body: object = /^application\/(?:problem\+)?json/.test(type) ? Object(JSON.parse(text)) : {};
  const message = Predicate.hasProperty(body, "detail") ? body.detail : undefined;
  const headers = new Headers(response.headers);
  headers.set("content-type", MEDIA_TYPE);
  headers.delete("content-length");
  return new Response(JSON.stringify(scimError(response.status, { message, ...body })), {
    status: response.status,
    headers,
  });
};
