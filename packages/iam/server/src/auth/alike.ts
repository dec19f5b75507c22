/**
 * Lets answers about users that there are take as long as those about users that there are not: where an answer does not
 * say which of the two it is about, its time does not either.
 *
 * What makes the difference is the writing, and the disk that a commit waits for. Where an operation was to write and had
 * nobody to write about, the same is written for nobody. Mail is sent behind the answer in any case.
 */
import type { AuthContext, BetterAuthPlugin } from "@better-auth/core";
import { defineRequestState, hasRequestState, runWithTransaction } from "@better-auth/core/context";
import { createAuthMiddleware, isAPIError } from "better-auth/api";
import { generateRandomString } from "better-auth/crypto";
import * as Clock from "effect/Clock";
import * as promises from "./promises.ts";

type InTransaction = <A>(run: () => Promise<A>) => Promise<A>;

/** Ends a savepoint. */
const undone = new Error("This was never to stay.");

/**
 * A user with a password, in a savepoint that is rolled back: nobody ever sees it. The transaction around it is committed,
 * and so waits for the disk.
 */
const writeNobody = (context: AuthContext, transaction: InTransaction): Promise<void> =>
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
  });

/** A token that nobody is told and that has expired already, so that the next look-up of one sweeps it away. */
const writeExpired = async ({ generateId, internalAdapter }: AuthContext): Promise<void> => {
  await internalAdapter.createVerificationValue({
    value: generateId({ model: "user" }) || generateRandomString(30),
    identifier: `reset-password:${generateRandomString(24)}`,
    expiresAt: new Date(await promises.leave(Clock.currentTimeMillis)),
  });
};

/** What is written for nobody, by the path of the operation. */
const writing: Readonly<Record<string, (context: AuthContext, transaction: InTransaction) => Promise<void>>> = {
  "/sign-up/email": writeNobody,
  "/request-password-reset": writeExpired,
};

/** Where a code is written for whoever is named, and taken back where that is nobody: the others write once more, too. */
const takingBack: ReadonlySet<string> = new Set(["/email-otp/request-password-reset", "/forget-password/email-otp"]);

const done = defineRequestState((): { wrote: boolean; tookBack: boolean } => ({ wrote: false, tookBack: false }));

const note = (what: "wrote" | "tookBack") => async (): Promise<void> => {
  if (await hasRequestState()) (await done.get())[what] = true;
};

/**
 * Better Auth's plugin for it.
 *
 * @param transaction runs in a transaction, or in a savepoint of the one that is open
 */
export const alike = (transaction: InTransaction): BetterAuthPlugin => ({
  id: "iam-alike",
  init: () => ({
    options: {
      databaseHooks: {
        user: { create: { after: note("wrote") } },
        verification: { create: { after: note("wrote") }, delete: { after: note("tookBack") } },
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
          await writing[path ?? ""]?.(context, transaction);
        }),
      },
      {
        matcher: ({ path }) => takingBack.has(path ?? ""),
        handler: createAuthMiddleware(async ({ context }) => {
          if (isAPIError(context.returned) || (await done.get()).tookBack) return;
          await writeExpired(context);
        }),
      },
    ],
  },
});
