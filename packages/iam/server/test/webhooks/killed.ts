/** Processes that are killed in the middle of deliveries: every event has one row, and arrives in its order, at least once. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SignedNote } from "@beep/iam-domain";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { Key } from "../audit/log.ts";
import { answers, receiver } from "./receiver.ts";
import { loopback, rowsOf, subscribed, teamOf } from "./support.ts";

const script = fileURLToPath(new URL("../fixtures/webhooks/deliverer.ts", import.meta.url));

/** Runs a process until something is so, and kills it then. */
const killedWhen = Effect.fnUntraced(function* <A, E, R>(key: string, isSo: Effect.Effect<A, E, R>) {
  const { appUrl } = yield* TestDatabase;
  yield* Effect.scoped(
    Effect.andThen(
      Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, ["--conditions=@beep/source", script], {
            env: {
              ...process.env,
              ...loopback,
              DATABASE_URL: Redacted.value(appUrl),
              IAM_RUN_MIGRATIONS: "false",
              IAM_BASE_URL: "http://localhost:3000",
              IAM_SECRET: IamTest.secret,
              IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
              IAM_AUDIT_SIGNING_KEY: key,
            },
            stdio: ["ignore", "inherit", "inherit"],
          }),
        ),
        (child) =>
          Effect.callback<void>((resume) => {
            child.once("close", () => resume(Effect.void));
            child.kill("SIGKILL");
          }),
      ),
      isSo,
    ),
  );
});

/** Kills so many processes, one after the other, each while a delivery is under way; then lets one end what is left. */
export const survives = Effect.fnUntraced(function* (kills: number) {
  const { adminUrl } = yield* TestDatabase;
  const sql = yield* connect(adminUrl);
  const key = Redacted.value(yield* SignedNote.formatSignerKey(yield* Key));
  const endpoint = yield* receiver();
  const { organizationId, webhookId } = yield* subscribed("killed", { url: endpoint.url });
  const arrived: Array<string> = [];
  const names = new Map<string, Array<string>>();
  const note = ({ body, id, target }: Effect.Success<typeof endpoint.next>) => {
    if (!arrived.includes(id))
      names.set(`${target}`, [...(names.get(`${target}`) ?? []), String(Object(JSON.parse(body)).data.after.name)]);
    arrived.push(id);
  };
  const expected = new Map<string, Array<string>>();
  for (let kill = 0; kill < kills; kill++) {
    for (const name of ["a", "b"]) {
      const team = yield* teamOf(organizationId, `${name}${kill}`, 2);
      expected.set(team, [`${name}${kill}`, `${name}${kill}-1`, `${name}${kill}-2`]);
    }
    // The process dies when a request has come to which nobody answers.
    let left = kill % 4;
    endpoint.answer = (response) => {
      if (left-- > 0) answers.taken(response);
    };
    yield* killedWhen(
      key,
      Effect.forEach(Array.from({ length: (kill % 4) + 1 }), () => Effect.map(endpoint.next, note)),
    );
    // The leases of the dead run out.
    yield* sql`update iam_webhook_deliveries set leased_until = now() where leased_until is not null`;
  }
  for (const one of yield* endpoint.all) note(one);
  endpoint.answer = answers.taken;
  const total = kills * 6;
  const isOver = Effect.gen(function* () {
    for (;;) {
      for (const one of yield* endpoint.all) note(one);
      const rows = yield* rowsOf(webhookId);
      if (rows.length === total && rows.every(({ state }) => state === "delivered")) return;
      yield* Effect.sleep("50 millis");
    }
  });
  yield* killedWhen(key, isOver);
  for (const one of yield* endpoint.all) note(one);
  assert.strictEqual(new Set(arrived).size, total);
  assert.deepStrictEqual(names, expected);
  // Some came twice: what was under way when its process died.
  return arrived.length - total;
});
