/**
 * The mail of a sign-up in the transaction of the sign-up. Better Auth sends it after that, when a process that dies has a
 * user and no mail for them; and where it cannot be put, it logs that and goes on.
 */
import type { BetterAuthPlugin } from "@better-auth/core";
import { defineRequestState, hasRequestState } from "@better-auth/core/context";
import { createEmailVerificationToken } from "better-auth/api";
import * as Predicate from "effect/Predicate";

/** Whom a mail is to, and the link in it. */
interface Verification {
  readonly user: { readonly id: string; readonly name: string; readonly email: string };
  readonly url: string;
}

/** The users whose mail was put with them. */
const signedUp = defineRequestState(() => new Set<string>());

/**
 * Sends the mail that asks to confirm an address, once: `send` is for Better Auth's option.
 *
 * @param mail puts it
 */
export const mailingSignUps = (mail: (verification: Verification) => Promise<void>) => ({
  send: async (verification: Verification): Promise<void> => {
    if ((await hasRequestState()) && (await signedUp.get()).has(verification.user.id)) return;
    await mail(verification);
  },
  plugin: {
    id: "iam-mailing-sign-ups",
    init: () => ({
      context: {
        // Its own logs what fails: a message that cannot be put is to undo what it speaks of.
        runInBackgroundOrAwait: async (sending: unknown) => {
          await sending;
        },
      },
      options: {
        databaseHooks: {
          account: {
            create: {
              // That of the password is the last that a sign-up writes.
              before: async ({ providerId, userId }, context) => {
                if (context?.path !== "/sign-up/email" || providerId !== "credential") return;
                const { internalAdapter, options, secret, baseURL } = context.context;
                const user = await internalAdapter.findUserById(userId);
                if (user === null) return;
                const { expiresIn } = options.emailVerification ?? {};
                const token = await createEmailVerificationToken(secret, user.email, undefined, expiresIn, { userId });
                const given = Predicate.hasProperty(context.body, "callbackURL") ? context.body.callbackURL : undefined;
                const callback = encodeURIComponent(typeof given === "string" && given !== "" ? given : "/");
                await mail({ user, url: `${baseURL}/verify-email?token=${token}&callbackURL=${callback}` });
                (await signedUp.get()).add(user.id);
              },
            },
          },
        },
      },
    }),
  } satisfies BetterAuthPlugin,
});
