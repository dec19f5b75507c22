/** Error answers below `/scim/v2`, whose clients know no other form than SCIM's (RFC 7644, section 3.12). */
import { BASE_PATH } from "../auth/betterAuth.ts";

const MEDIA_TYPE = "application/scim+json";

/** Whether an address is of SCIM. */
export const isScim = (url: string): boolean => url.startsWith(`${BASE_PATH}/scim/v2/`);

/** An error that was answered before SCIM's own code was asked, in its form. */
export const asScimError = async (response: Response): Promise<Response> => {
  const type = response.headers.get("content-type") ?? "";
  if (response.status < 400 || type.startsWith(MEDIA_TYPE)) return response;
  const text = await response.text();
  const { message } = { message: undefined, ...(type.startsWith("application/json") ? JSON.parse(text) : {}) };
  const headers = new Headers(response.headers);
  headers.set("content-type", MEDIA_TYPE);
  headers.delete("content-length");
  return new Response(
    JSON.stringify({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: String(response.status),
      detail: message,
      // What a client may say of a 400 is told apart by this.
      scimType: response.status === 400 ? "invalidValue" : undefined,
    }),
    { status: response.status, headers },
  );
};
