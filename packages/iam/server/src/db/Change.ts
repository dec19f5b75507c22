/**
 * Who changes something, where and why, as the database records it with every event. It stands in a setting that is local
 * to the transaction, and comes from the fiber's context, so that nobody who writes has to think of it.
 */
import { type Actor, CurrentActor } from "@beep/shared-domain";
import { changeSetting } from "@beep/shared-tables";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { SqlError } from "effect/sql/SqlError";
import type * as Tracer from "effect/Tracer";
import * as Transaction from "./Transaction.ts";

/** Where a request came from. */
export interface Origin {
  readonly address: string | undefined;
  readonly agent: string | undefined;
}

/** Where the request came from in which this fiber runs; nowhere, unless it serves one. */
export const CurrentOrigin = Context.Reference<Origin>("@beep/iam-server/db/Change/CurrentOrigin", {
  defaultValue: () => ({ address: undefined, agent: undefined }),
});

/** What is wanted, where the span does not say it: the route of an operation, for instance. */
export const CurrentIntent = Context.Reference<string | undefined>("@beep/iam-server/db/Change/CurrentIntent", {
  defaultValue: () => undefined,
});

/** What is written of an origin: nothing, unless something is provided that makes digests of it. */
export const DescribeOrigin = Context.Reference<
  (origin: Origin, actor: Actor) => Effect.Effect<Readonly<Record<string, string>>>
>("@beep/iam-server/db/Change/DescribeOrigin", { defaultValue: () => withoutOrigin });

const withoutOrigin = () => Effect.succeed({});

const actorIn = (actor: Actor): Readonly<Record<string, string>> => {
  switch (actor._tag) {
    case "Anonymous":
      return {};
    case "User":
      return {
        actor: actor.userId,
        ...(actor.impersonatedBy === null ? {} : { impersonator: actor.impersonatedBy }),
      };
    case "Organization":
      return { actor: actor.organizationId, key: actor.apiKeyId };
    case "System":
      return { actor: actor.name };
  }
};

/** The operation that goes on: the nearest span that is not about how the database is spoken to. */
const operationOf = (span: Option.Option<Tracer.AnySpan>): string | undefined => {
  for (let at = Option.getOrUndefined(span); at?._tag === "Span"; at = Option.getOrUndefined(at.parent)) {
    if (!/^(?:Tenancy\.|sql|Transaction|Secrets\.)/.test(at.name)) return at.name;
  }
  return undefined;
};

/** What is written of this fiber's changes. All that is not known is left out. */
const describe: Effect.Effect<string> = Effect.gen(function* () {
  const actor = yield* CurrentActor;
  const span = yield* Effect.option(Effect.currentParentSpan);
  const intent = (yield* CurrentIntent) ?? operationOf(span);
  const describeOrigin = yield* DescribeOrigin;
  return JSON.stringify({
    ...actorIn(actor),
    ...(intent === undefined ? {} : { intent }),
    ...(Option.isSome(span) ? { trace: span.value.traceId } : {}),
    // What it writes itself, a key for its digests, says nothing of an origin: it would ask for that key again.
    ...(yield* Effect.provideService(describeOrigin(yield* CurrentOrigin, actor), DescribeOrigin, withoutOrigin)),
  });
});

/** What the open transaction was told last. */
export interface Told {
  text: string;
}

/** What the open transaction of this fiber was told. */
export const CurrentTold = Context.Reference<Told | undefined>("@beep/iam-server/db/Change/CurrentTold", {
  defaultValue: () => undefined,
});

/** What to tell a transaction that begins. */
export const toTell: Effect.Effect<Told> = Effect.map(describe, (text) => ({ text }));

/**
 * Tells the open transaction anew where something is known now that was not when it began: who acts, after a session was
 * looked up in it. No statement where nothing has changed.
 */
export const tellAgain = (client: PgClient): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const told = yield* CurrentTold;
    if (told === undefined || !(yield* Transaction.isOpen(client))) return;
    const text = yield* describe;
    if (text === told.text) return;
    yield* client`select set_config(${changeSetting}, ${text}, true)`;
    told.text = text;
  });
