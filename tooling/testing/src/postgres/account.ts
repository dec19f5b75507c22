/** PostgreSQL refuses to run as root. */
import * as Effect from "effect/Effect";
import { type Account, run } from "./command.ts";
import type { PostgresUnavailable } from "./PostgresUnavailable.ts";

const lookUp: Effect.Effect<Account, PostgresUnavailable> = Effect.all({
  uid: Effect.map(run("id", ["-u", "postgres"]), Number),
  gid: Effect.map(run("id", ["-g", "postgres"]), Number),
});

// Debian, Red Hat and Arch have `useradd`; Alpine has only BusyBox's `adduser`.
const create = Effect.catch(
  run("useradd", ["--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", "postgres"]),
  () => run("adduser", ["-S", "-D", "-H", "postgres"]),
);

/** The user `postgres`, made when it is missing, when this process is root's; otherwise nobody else is needed. */
export const account: Effect.Effect<Account | undefined, PostgresUnavailable> = Effect.suspend(() =>
  process.getuid?.() === 0 ? Effect.catch(lookUp, () => Effect.andThen(create, lookUp)) : Effect.succeed(undefined),
);
