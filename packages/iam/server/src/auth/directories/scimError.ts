/** How SCIM says what is wrong (RFC 7644, section 3.12). */

export const MEDIA_TYPE = "application/scim+json";

/** Our codes, as SCIM names the kind of an error. */
const scimTypes: ReadonlyMap<unknown, string> = new Map([
  ["ALREADY_EXISTS", "uniqueness"],
  ["INVALID_ID", "invalidValue"],
  ["INVALID_VALUE", "invalidValue"],
]);

/** Whether SCIM has a name for what the code says. */
export const isNamed = (code: unknown): boolean => scimTypes.has(code);

/** The body of an error; what a client did not state is not in its JSON. */
export const scimError = (
  status: number,
  { code, message }: { readonly code?: unknown; readonly message?: unknown },
) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
  status: String(status),
  scimType: scimTypes.get(code),
  detail: message,
});
