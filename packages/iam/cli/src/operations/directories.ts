/** `iam scim` */
import { randomUUID } from "node:crypto";
import { Errors } from "@beep/iam-domain";
import { Auth, Operator } from "@beep/iam-server";
import * as Clock from "effect/Clock";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Operation } from "../explain.ts";
import { operating } from "../operating.ts";
import * as Output from "../output.ts";

/** Whose the directory is. */
interface Of {
  readonly org: string;
}

/** What a new token may do, and how long. */
interface Issuing extends Of {
  readonly expiresIn: Option.Option<number>;
  readonly readOnly: boolean;
  readonly json: boolean;
}

/** Whom a connection's record names. */
const actorId = "iam scim";

const year = Duration.toSeconds("365 days");

const reading = ["scim.users.read", "scim.groups.read"] as const;
const everything = [...reading, "scim.users.write", "scim.groups.write"] as const;

const policyOf = ({ expiresIn, readOnly }: Issuing) =>
  Effect.map(Clock.currentTimeMillis, (now) => ({
    scopes: readOnly ? reading : everything,
    expiresAt: new Date(now + Option.getOrElse(expiresIn, () => year) * 1000),
  }));

const domainOf = ({ org }: Of) =>
  Effect.flatMap(Operator.Operator, (operator) => Effect.map(operator.organization(org), ({ id }) => id));

type Issued = Effect.Success<ReturnType<Auth.Auth["Service"]["api"]["createSCIMManagedConnection"]>>;

/** The one time that a token is shown: alone, so that it can be piped. */
const print = Effect.fnUntraced(function* (json: boolean, { connection, credential, token }: Issued) {
  const url = new URL(`${Auth.BASE_PATH}/scim/v2`, yield* Effect.orDie(Auth.keys.baseUrl)).href;
  const { connectionId } = connection;
  const { credentialId, expiresAt, scopes } = credential;
  yield* Output.result(json, { url, connectionId, credentialId, scopes, expiresAt, token }, () => token);
  yield* Output.say(
    `This is ${credentialId} of ${connectionId}, until ${Output.day(expiresAt)}. It is not shown again.`,
  );
  yield* Output.say(`The directory's base URL is ${url}`);
});

/** Makes a connection, and prints its token this once. */
export const create = (input: Issuing): Operation =>
  operating(
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const provisioningDomainId = yield* domainOf(input);
      const policy = yield* policyOf(input);
      const creationRequestId = randomUUID();
      yield* print(
        input.json,
        yield* api.createSCIMManagedConnection({
          body: { creationRequestId, provisioningDomainId, actorId, ...policy },
        }),
      );
    }),
  );

const connectionsOf = Effect.fnUntraced(function* (of: Of) {
  const { api } = yield* Auth.Auth;
  const provisioningDomainId = yield* domainOf(of);
  const { connections } = yield* api.listSCIMManagedConnections({ body: { provisioningDomainId } });
  return yield* Effect.forEach(connections, ({ connectionId }) =>
    api.getSCIMManagedConnection({ body: { connectionId, provisioningDomainId } }),
  );
});

/** Lists an organization's connections with their credentials, without the tokens. */
export const list = (input: Of & { readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const connections = yield* connectionsOf(input);
      yield* Output.result(input.json, { connections }, (width) =>
        Output.table(
          ["CONNECTION", "CREDENTIAL", "STATUS", "UNTIL", "LAST USED"],
          connections.flatMap(({ connection, credentials }) =>
            credentials.map(({ credentialId, expiresAt, lastUsedAt, status }) => [
              connection.connectionId,
              credentialId,
              status,
              Output.day(expiresAt),
              Output.day(lastUsedAt),
            ]),
          ),
          width,
        ),
      );
    }),
  );

/** Makes one credential more, and prints its token this once. */
export const rotate = (input: Issuing & { readonly connection: string }): Operation =>
  operating(
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const provisioningDomainId = yield* domainOf(input);
      const policy = yield* policyOf(input);
      const of = { connectionId: input.connection, provisioningDomainId, actorId };
      yield* print(input.json, yield* api.rotateSCIMManagedCredential({ body: { ...of, ...policy } }));
      yield* Output.say("The others work until you revoke them: `iam scim list`.");
    }),
  );

/** Ends a credential. */
export const revoke = (input: Of & { readonly credential: string }): Operation =>
  operating(
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const found = (yield* connectionsOf(input)).find(({ credentials }) =>
        credentials.some(({ credentialId }) => credentialId === input.credential),
      );
      if (found === undefined) {
        const message = `There is no credential "${input.credential}".`;
        return yield* new Errors.AuthError({ code: "NOT_FOUND", status: 404, message });
      }
      const { connectionId, provisioningDomainId } = found.connection;
      yield* api.revokeSCIMManagedCredential({
        body: { connectionId, provisioningDomainId, credentialId: input.credential, actorId },
      });
      yield* Output.say(`${input.credential} is ended.`);
    }),
  );

/** Ends a connection, and what it gave. */
export const end = (input: Of & { readonly connection: string }): Operation =>
  operating(
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const provisioningDomainId = yield* domainOf(input);
      const { decommission } = yield* api.decommissionSCIMManagedConnection({
        body: { connectionId: input.connection, provisioningDomainId, actorId },
      });
      yield* Output.say(
        decommission.status === "complete"
          ? `${input.connection} is ended.`
          : `Another process is ending ${input.connection}. Should it have died, call again after ${Output.moment(decommission.retryAfter)}.`,
      );
    }),
  );
