/**
 * Lets answers about users that there are take as long as those about users that there are not: where an answer does not
 * say which of the two it is about, its time does not either.
 *
 * What makes the difference is the writing, and the disk that a commit waits for. Where an operation was to write and had
 * nobody to write about, the same is written for nobody. So it is with mail, which is put in the outbox: where nobody gets
 * one, a message is put that says nothing, and goes the way of all others until it is to be sent.
 */
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { defineRequestState, hasRequestState, runWithTransaction } from "@better-auth/core/context";
import { createAuthMiddleware, isAPIError } from "better-auth/api";
import { generateRandomString } from "better-auth/crypto";
import * as Clock from "effect/Clock";
import * as promises from "./promises.ts";

type InTransaction = <A>(run: () => Promise<A>) => Promise<A>;

type Write = (context: AuthContext, transaction: InTransaction, putNothing: () => Promise<void>) => Promise<void>;

/** Ends a savepoint. */
const undone = new Error("This was never to stay.");

/**
 * A user with a password, in a savepoint that is rolled back: nobody ever sees it. The transaction around it is committed,
 * and so waits for the disk.
 */
const writeNobody: Write = (context, transaction, putNothing) =>
  transaction(async () => {
    const write = async () => {
      // The length of an argon2id hash in its usual form.
      const password = generateRandomString(97);
      const email = `${generateRandomString(20).toLowerCase()}@nobody.invalid`;
      const { id: userId } = await context.internalAdapter.createUser(
        { email, name: email, emailVerified: false },
        { method: "email-password" },
      );
      await context.internalAdapter.linkAccount({ userId, providerId: "credential", accountId: userId, password });
      throw undone;
    };
    try {
      await runWithTransaction(context.adapter, write);
    } catch (error) {
      if (error !== undone) throw error;
    }
    await putNothing();
  });

/** A token that nobody is told and that has expired already, so that the next look-up of one sweeps it away. */
const writeExpired = async ({ generateId, internalAdapter }: AuthContext): Promise<void> => {
  await internalAdapter.createVerificationValue({
    value: generateId({ model: "user" }) || generateRandomString(30),
    identifier: `reset-password:${generateRandomString(24)}`,
    expiresAt: new Date(await promises.leave(Clock.currentTimeMillis)),
  });
};

/** What sends a message to somebody who may not be there, and whom the answer says nothing of. */
const sending: ReadonlySet<string> = new Set([
  "/sign-up/email",
  "/request-password-reset",
  "/send-verification-email",
  "/sign-in/magic-link",
  "/email-otp/send-verification-otp",
  "/email-otp/request-password-reset",
  "/forget-password/email-otp",
  "/phone-number/send-otp",
  "/phone-number/request-password-reset",
]);

/** What is written for nobody, by the path of the operation. */
const writing: Readonly<Record<string, Write>> = {
  "/sign-up/email": writeNobody,
  "/request-password-reset": writeExpired,
};

/**
 * Where a code is written for whoever is named, and would be taken back where that is nobody. It stays: nobody was told it,
 * and it expires as the others do.
 */
const keeping: ReadonlySet<string> = new Set([
  "/email-otp/send-verification-otp",
  "/email-otp/request-password-reset",
  "/forget-password/email-otp",
]);

const done = defineRequestState(() => ({ wrote: false, sent: false }));

const note = (what: "wrote" | "sent") => async (): Promise<void> => {
  if (await hasRequestState()) (await done.get())[what] = true;
};

/** Notes that a message was put for somebody. */
export const noteSent = note("sent");

/**
 * Better Auth's plugin for it.
 *
 * @param transaction runs in a transaction, or in a savepoint of the one that is open
 * @param putNothing puts a message for nobody
 */
export const alike = (transaction: InTransaction, putNothing: () => Promise<void>): BetterAuthPlugin => ({
  id: "iam-alike",
  init: () => ({
    options: {
      databaseHooks: {
        user: { create: { after: note("wrote") } },
        verification: {
          create: { after: note("wrote") },
          delete: { before: async (_, context) => (keeping.has(context?.path ?? "") ? false : undefined) },
        },
      },
    },
  }),
  hooks: {
    after: [
      {
        matcher: ({ path }) => writing[path ?? ""] !== undefined,
        handler: createAuthMiddleware(async ({ context, path }) => {
          // What is refused is refused alike.
          if (isAPIError(context.returned) || (await done.get()).wrote) return;
          await writing[path ?? ""]?.(context, transaction, putNothing);
        }),
      },
      {
        matcher: ({ path }) => sending.has(path ?? ""),
        handler: createAuthMiddleware(async ({ context, path }) => {
          // With what is written for nobody, where somebody's would be one transaction with the mail.
          if (isAPIError(context.returned) || (await done.get()).sent || writing[path ?? ""] === writeNobody) return;
          await putNothing();
        }),
      },
    ],
  },
});
