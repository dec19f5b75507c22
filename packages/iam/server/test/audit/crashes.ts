/** Kills the writing process, or PostgreSQL, in the middle of many changes at once, and looks at what is there afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SignedNote } from "@beep/iam-domain";
import { IamDb } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { connect, IamTest, PostgresServer } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as ConfigProvider from "effect/ConfigProvider";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Redacted from "effect/Redacted";
import * as Log from "../../src/audit/Log.ts";
import * as Sealer from "../../src/audit/Sealer.ts";
import { origin } from "./log.ts";

const script = fileURLToPath(new URL("../fixtures/audit/writer.ts", import.meta.url));

const crypto = Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto));

/** So many changes are made at once, before the one that is acknowledged last. */
const CHANGES = 1_000;

interface Writer {
  readonly child: ChildProcess;
  readonly acknowledged: Set<string>;
  readonly exited: Promise<void>;
  /** Waits until so many changes are acknowledged, or the process is at its end. */
  readonly until: (count: number) => Promise<void>;
}

const write = (environment: Readonly<Record<string, string>>, organization: string): Writer => {
  const child = spawn(process.execPath, ["--conditions=@beep/source", script, organization, String(CHANGES)], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const acknowledged = new Set<string>();
  const looks = new Set<() => void>();
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    // Of a line that is not whole nothing was acknowledged.
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("team_")) acknowledged.add(line);
    for (const look of looks) look();
  });
  const exited = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return {
    child,
    acknowledged,
    exited,
    until: (count) =>
      Promise.race([
        exited,
        new Promise<void>((resolve) => {
          const look = () => {
            if (acknowledged.size >= count) resolve();
          };
          looks.add(look);
          look();
        }),
      ]),
  };
};

/**
 * Rounds on one durable server: by turns the process and PostgreSQL are killed, each time after another number of changes,
 * `atMost` or a few more.
 * Then everything that was acknowledged is there, every change has its event and no event is without its change, and the log
 * is valid.
 */
export const survived = Effect.fnUntraced(
  function* (rounds: number, atMost: number) {
    const server = yield* PostgresServer.make({ major: 18, durable: true });
    const key = yield* SignedNote.generateSignerKey(origin);
    const environment = {
      DATABASE_URL: Redacted.value(server.adminUrl),
      IAM_BASE_URL: "http://localhost:3000",
      IAM_SECRET: IamTest.secret,
      IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
      IAM_AUDIT_SIGNING_KEY: Redacted.value(yield* SignedNote.formatSignerKey(key)),
    };
    const database = IamDb.layer.pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(environment))),
      Layer.fresh,
    );
    const organization = SharedEntityIds.OrganizationId.create();
    const id = SharedEntityIds.OrganizationId.toUuid(organization);
    yield* Effect.provide(Effect.void, database);
    const admin = Effect.flatMap(connect(server.adminUrl), Effect.succeed);
    yield* Effect.scoped(
      Effect.flatMap(
        admin,
        (client) => client`insert into iam_organizations (id, name, slug) values (${id}::uuid, 'a', 'a')`,
      ),
    );

    const acknowledged = new Set<string>();
    for (let round = 0; round < rounds; round++) {
      const writer = write(environment, organization);
      yield* Effect.promise(() => writer.until(50 + ((round * 137) % atMost)));
      if (round % 2 === 0) writer.child.kill("SIGKILL");
      else yield* server.kill9;
      if (round % 2 === 1) writer.child.kill("SIGKILL");
      yield* Effect.promise(() => writer.exited);
      for (const team of writer.acknowledged) acknowledged.add(team);
      if (round % 2 === 1) yield* server.restart;

      yield* Effect.scoped(
        Effect.gen(function* () {
          const client = yield* admin;
          const rows = yield* client<{ id: string }>`select id from iam_teams`;
          const teams = new Set(rows.map((row) => SharedEntityIds.TeamId.fromUuid(row.id)));
          const lost = [...acknowledged].filter((team) => !teams.has(SharedEntityIds.TeamId.make(team)));
          assert.deepStrictEqual(lost, [], `round ${round}: acknowledged, and lost`);
          const apart = yield* client`
          select t.id, e.target_id from iam_teams t
          full join (select target_id from iam_audit_events where action = 'team.created') e on e.target_id = t.id
          where t.id is null or e.target_id is null`;
          assert.deepStrictEqual(
            apart,
            [],
            `round ${round}: a change without its event, or an event without its change`,
          );
          const twice = yield* client`
          select target_id from iam_audit_events where action = 'team.created' group by target_id having count(*) > 1`;
          assert.deepStrictEqual(twice, [], `round ${round}: a change with two events`);
        }),
      );
    }

    const verified = yield* Effect.gen(function* () {
      const { seal } = yield* Sealer.Sealer;
      const log = yield* Log.Log;
      while ((yield* seal) > 0);
      return yield* log.verify({ origin, keys: [key.verifier] });
    }).pipe(Effect.provide(Layer.mergeAll(Sealer.layer({ key }), Log.layer).pipe(Layer.provideMerge(database))));
    assert.isTrue(verified.size >= BigInt(acknowledged.size));
    return { acknowledged: acknowledged.size, size: verified.size };
  },
  Effect.scoped,
  Effect.provide(crypto),
);
