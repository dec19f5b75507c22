/** What an operator's command runs in: the services on the installation's database, without a server. */
import type { Errors } from "@beep/iam-domain";
import { Auth, Holder, Iam, Operator, Progress } from "@beep/iam-server";
import { CurrentActor, type SharedEntityIds } from "@beep/shared-domain";
import * as ConfigProvider from "effect/ConfigProvider";
import type { Environment } from "effect/cli/Command";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Stdio from "effect/Stdio";
import * as Configuration from "./configuration.ts";
import type { Failure, Operation } from "./explain.ts";
import * as installation from "./installation.ts";
import * as Outbox from "./outbox.ts";
import { progress, type Progress as Shown } from "./progress.ts";
import * as Secret from "./secret.ts";
import { listening } from "./settings.ts";

const services = Iam.services.pipe(Layer.provideMerge(Outbox.layer), Layer.provideMerge(installation.layer));

// Bringing a database to another version is for whoever runs the servers on it to decide, not for a command in passing.
const unmigrated = ConfigProvider.layerAdd(ConfigProvider.fromUnknown({ IAM_RUN_MIGRATIONS: "false" }), {
  asPrimary: true,
});

/** In whose name the log has what a command changes, unless it names a user. */
const asOperator = Effect.provideService(CurrentActor, { _tag: "System", name: "operator" });

/** Runs an effect on the installation that the environment names, in the operator's name. */
export const operating = (
  effect: Effect.Effect<void, Failure, Iam.Provided | Outbox.Outbox | Environment>,
): Operation =>
  Effect.gen(function* () {
    const { args, stdoutIsTerminal } = yield* Stdio.Stdio;
    const [command] = yield* args;
    const { main } = yield* listening;
    // Where the result may be piped, nothing else is printed.
    const { step, end } = (yield* stdoutIsTerminal) ? yield* progress : silent;
    yield* Secret.demandStated.pipe(
      Effect.andThen(Configuration.demandValid),
      Effect.andThen(Effect.provide(Effect.andThen(end, asOperator(effect)), services)),
      Effect.provide(Layer.provideMerge(Configuration.withBaseUrl(main), unmigrated)),
      Effect.provideService(Progress.Progress, step),
      Effect.provideService(Holder.Holder, { command: `iam ${command}` }),
    );
  });

const silent: Shown = { step: () => Effect.void, end: Effect.void };

type InName = <A>(
  effect: (headers: Headers) => Effect.Effect<A, Errors.AuthError>,
) => Effect.Effect<A, Errors.AuthError | Errors.CommitUnknown, Auth.Auth>;

/** Acts in the name of the user that is stated, or else of another. */
export const inNameOf = Effect.fnUntraced(function* <E>(
  as: Option.Option<string>,
  unlessStated: Effect.Effect<{ readonly id: SharedEntityIds.UserId }, E>,
): Effect.fn.Return<InName, Errors.AuthError | E, Operator.Operator> {
  const operator = yield* Operator.Operator;
  const { id } = yield* Option.match(as, { onNone: () => unlessStated, onSome: operator.user });
  return (effect) =>
    Effect.flatMap(Auth.Auth, ({ actingAs }) => actingAs(id)(effect)).pipe(
      Effect.provideService(CurrentActor, { _tag: "User", userId: id, impersonatedBy: null }),
      Effect.catchTag("SqlError", Effect.die),
    );
});
