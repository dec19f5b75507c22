/** `iam key` */
import { Auth, Operator } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Record from "effect/Record";
import type { Operation } from "../explain.ts";
import { stated } from "../flags.ts";
import { operating } from "../operating.ts";
import * as Output from "../output.ts";

/** Whose a key is: a user's or an organization's. */
export interface Whose {
  readonly user: Option.Option<string>;
  readonly org: Option.Option<string>;
}

/** The command has seen to it that one of the two is stated. */
const ownerOf = Effect.fnUntraced(function* ({ user, org }: Whose) {
  const operator = yield* Operator.Operator;
  return Option.isSome(org)
    ? { organization: yield* operator.organization(org.value) }
    : { user: yield* operator.user(Option.getOrThrow(user)) };
});

type Created = Effect.Success<ReturnType<Auth.Auth["Service"]["api"]["createApiKey"]>>;

/** The one time that a key is shown: alone, so that it can be piped. */
const print = (json: boolean, { id, key, name, prefix, permissions, expiresAt }: Created) =>
  Effect.andThen(
    Output.result(json, { id, key, name, prefix, permissions, expiresAt }, () => key),
    Output.say(`This is ${id}. It is not shown again.`),
  );

/** Makes a key, and prints it this once. */
export const create = (
  input: Whose & {
    readonly name: Option.Option<string>;
    readonly prefix: Option.Option<string>;
    readonly expiresIn: Option.Option<number>;
    readonly permissions: Option.Option<Readonly<Record<string, string>>>;
    readonly requests: Option.Option<number>;
    readonly per: Option.Option<number>;
    readonly unlimited: boolean;
    readonly json: boolean;
  },
): Operation =>
  operating(
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const operator = yield* Operator.Operator;
      const owner = yield* ownerOf(input);
      const whose =
        owner.organization === undefined
          ? { userId: owner.user.id }
          : ({
              configId: "organization",
              organizationId: owner.organization.id,
              userId: (yield* operator.owner(owner.organization.id)).id,
            } as const);
      const created = yield* api.createApiKey({
        body: {
          ...whose,
          ...stated({
            name: input.name,
            prefix: input.prefix,
            expiresIn: input.expiresIn,
            permissions: Option.map(
              input.permissions,
              Record.map((actions) => actions.split(",")),
            ),
            rateLimitMax: input.requests,
            rateLimitTimeWindow: Option.map(input.per, (seconds) => seconds * 1000),
          }),
          ...(input.unlimited && { rateLimitEnabled: false }),
        },
      });
      yield* print(input.json, created);
    }),
  );

/** Lists a user's or an organization's keys, without the keys themselves. */
export const list = (input: Whose & { readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const operator = yield* Operator.Operator;
      const owner = yield* ownerOf(input);
      const keys = yield* operator.apiKeys((owner.organization ?? owner.user).id);
      yield* Output.result(input.json, { keys }, (width) =>
        Output.table(
          ["ID", "NAME", "BEGINS", "UNTIL", "LAST USED"],
          keys.map(({ id, name, start, enabled, expiresAt, lastRequest }) => [
            id,
            name ?? "",
            start ?? "",
            enabled === false ? "disabled" : Output.day(expiresAt),
            Output.day(lastRequest),
          ]),
          width,
        ),
      );
    }),
  );

/** Ends a key, and prints the one that replaces it. */
export const rotate = (input: { readonly key: string; readonly json: boolean }): Operation =>
  operating(
    Effect.gen(function* () {
      const operator = yield* Operator.Operator;
      yield* print(input.json, yield* operator.rotateApiKey(input.key));
      yield* Output.say(`${input.key} is ended.`);
    }),
  );

/** Ends a key. */
export const revoke = (input: { readonly key: string }): Operation =>
  operating(
    Effect.gen(function* () {
      yield* Effect.flatMap(Operator.Operator, ({ revokeApiKey }) => revokeApiKey(input.key));
      yield* Output.say(`${input.key} is ended.`);
    }),
  );
