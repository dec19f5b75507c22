/** A directory that provisions an organization: over HTTP, as Okta and Entra do, against a server that listens. */
import { createServer } from "node:http";
import { Auth, IamHttp, Plugins } from "@beep/iam-server";
import type { SharedEntityIds } from "@beep/shared-domain";
import { freePort, IamTest, type TestDatabase } from "@beep/testing";
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import * as Clock from "effect/Clock";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Layer from "effect/Layer";
import type { DirectoryScope } from "../../src/auth/api/directories.ts";
import { at, text } from "./browser.ts";

export const USER = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group";
export const MEDIA_TYPE = "application/scim+json";
const PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/** A server that listens at the address that its configuration has. */
export class Served extends Context.Service<Served, { readonly url: string }>()("test/auth/Served") {
  /** On a database that is given: one process of however many. */
  static readonly layer: Layer.Layer<Served | IamTest.Provided, unknown, TestDatabase> = Layer.unwrap(
    Effect.map(freePort, (port) => {
      const url = `http://localhost:${port}`;
      const config = ConfigProvider.layer(
        ConfigProvider.fromUnknown({ IAM_BASE_URL: url, IAM_SECRET: IamTest.secret, IAM_PLUGINS: Plugins.all.join() }),
      );
      const server = HttpRouter.serve(Layer.mergeAll(IamHttp.layer, IamHttp.answering), {
        disableListenLog: true,
        disableLogger: true,
      }).pipe(
        Layer.provide(NodeHttpServer.layer(() => createServer(), { port, host: "localhost" })),
        Layer.provide(config),
      );
      return Layer.provideMerge(
        Layer.merge(Layer.succeed(Served, { url }), server),
        // The origin that the tests' browsers have.
        IamTest.configured({ IAM_BASE_URL: url, IAM_TRUSTED_ORIGINS: "http://localhost:3000" }),
      );
    }),
  );
}

const everything: ReadonlyArray<DirectoryScope> = [
  "scim.users.read",
  "scim.users.write",
  "scim.groups.read",
  "scim.groups.write",
];

let connections = 0;

/** A connection for the organization, with a token. */
export const connected = Effect.fnUntraced(function* (
  provisioningDomainId: SharedEntityIds.OrganizationId,
  scopes: ReadonlyArray<DirectoryScope> = everything,
) {
  const { api } = yield* Auth.Auth;
  const expiresAt = new Date((yield* Clock.currentTimeMillis) + 3_600_000);
  const creationRequestId = `request-of-the-test-${connections++}`;
  return yield* api.createSCIMManagedConnection({
    body: { creationRequestId, provisioningDomainId, actorId: "test", scopes, expiresAt },
  });
});

/** What a directory is answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Requests with a token, to whatever answers them. A body that is a text is sent as it is. */
export const directoryBy =
  (send: (request: Request) => Promise<Response>, url: string, token: string | undefined, type: string) =>
  (method: string, path: string, body?: unknown): Effect.Effect<Answer> =>
    Effect.promise(async () => {
      const response = await send(
        new Request(`${url}/api/auth/scim/v2${path}`, {
          method,
          headers: {
            accept: MEDIA_TYPE,
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(body !== undefined && { "content-type": type }),
          },
          ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        }),
      );
      const content = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: content === "" ? undefined : JSON.parse(content),
      };
    });

/** The same over HTTP. */
export const directory = (url: string, token: string | undefined, type = MEDIA_TYPE) =>
  directoryBy(fetch, url, token, type);

export type Directory = ReturnType<typeof directory>;

/** A user as a directory describes one. */
export const userOf = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  schemas: [USER],
  externalId: `external-${name}`,
  userName: `${name}@example.com`,
  displayName: name,
  active: true,
  emails: [{ value: `${name}@example.com`, type: "work", primary: true }],
  ...more,
});

export const groupOf = (displayName: string, members: ReadonlyArray<string> = []) => ({
  schemas: [GROUP],
  displayName,
  members: members.map((value) => ({ value })),
});

/** A change of some attributes (RFC 7644, section 3.5.2). */
export const patchOf = (...Operations: ReadonlyArray<{ op: string; path?: string; value?: unknown }>) => ({
  schemas: [PATCH],
  Operations,
});

export const setActive = (value: boolean) => patchOf({ op: "replace", path: "active", value });

/** The id of what was made; fails the test when nothing was. */
export const made = ({ body, status }: Answer): string => {
  if (status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  return text(body, "id");
};

/** How SCIM refuses (RFC 7644, section 3.12). */
export const refusal = ({ body, headers, status }: Answer) => ({
  status,
  type: headers.get("content-type"),
  schema: at(body, "schemas", 0),
  stated: at(body, "status"),
  scimType: at(body, "scimType"),
});
