/** Processes that are killed while they sign users up and send their mail: whoever was answered gets one, and nobody else. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Outbox } from "@beep/iam-server";
import { connect, IamTest, TestDatabase } from "@beep/testing";
import { assert } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";

const script = fileURLToPath(new URL("../fixtures/outbox/sign-ups.ts", import.meta.url));

/** Runs a process until it has said something so often, and then for as many milliseconds as it is given; gives its lines. */
const killed = Effect.fnUntraced(function* (name: string, lines: number, longer: number) {
  const { appUrl } = yield* TestDatabase;
  return yield* Effect.callback<ReadonlyArray<string>>((resume) => {
    const child = spawn(process.execPath, ["--conditions=@beep/source", script, name], {
      env: {
        ...process.env,
        DATABASE_URL: Redacted.value(appUrl),
        IAM_RUN_MIGRATIONS: "false",
        IAM_BASE_URL: "http://localhost:3000",
        IAM_SECRET: IamTest.secret,
        IAM_KEY_ENCRYPTION_KEYS: IamTest.keyEncryptionKeys,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    let isDying = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (isDying || said.split("\n").length <= lines) return;
      isDying = true;
      setTimeout(() => child.kill("SIGKILL"), longer);
    });
    child.on("close", () => resume(Effect.succeed(said.split("\n").slice(0, -1))));
    return Effect.sync(() => child.kill("SIGKILL"));
  });
});

/** Kills so many processes, one after the other, each at another moment. */
export const survives = Effect.fnUntraced(function* (kills: number) {
  const { adminUrl } = yield* TestDatabase;
  const sql = yield* connect(adminUrl);
  const outbox = yield* Outbox.Outbox;
  const mailbox = yield* IamTest.Mailbox;
  const sent = new Set<string>();
  const answered = new Set<string>();
  for (let kill = 0; kill < kills; kill++) {
    for (const line of yield* killed(`killed-${kill}`, 4 + (kill % 5), (kill * 37) % 150)) {
      const [what = "", email = ""] = line.split(" ");
      (what === "sent" ? sent : answered).add(email);
    }
  }
  const users = (yield* sql<{ email: string }>`select email from iam_users`).map(({ email }) => email);
  assert.includeMembers(users, [...answered]);
  assert.includeMembers(users, [...sent]);
  // The leases of the dead run out.
  const [waiting] = yield* sql<{ count: number }>`
    with over as (update iam_outbox_messages set leased_until = now() where leased_until is not null returning 1)
    select count(*)::int from iam_outbox_messages where kind = 'mail'`;
  yield* outbox.replay({ kind: "mail" });
  for (let count = 0; count < (waiting?.count ?? 0); count++) sent.add((yield* mailbox.next).to);
  assert.sameMembers([...sent], users);
  return users.length;
});
