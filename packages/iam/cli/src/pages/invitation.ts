/** Accepting an invitation to an organization, or declining it. */
import { Auth } from "@beep/iam-server";
import { IamEntityIds } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as Option from "effect/Option";
import { withQuery } from "./kit/address.ts";
import { call, headersOf, seeOther, session } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { filled, type Problem, summary } from "./kit/form.ts";
import { type Html, html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import { problemOf } from "./kit/words.ts";
import * as SignOut from "./signOut.ts";

const noSuch = single({
  title: "No such invitation",
  lead: "The address is not that of an invitation. Was it copied as a whole?",
  status: 404,
  body: html`<p><a class="button primary" href="/">To the start page</a></p>`,
});

const addressOf = (id: IamEntityIds.InvitationId) =>
  Effect.map(Site, ({ pages }) => pages.invitation.address.replace(":id", id));

const unknown = Effect.fnUntraced(function* (next: string) {
  const { pages } = yield* Site;
  return yield* single({
    title: "You are invited",
    lead: "To accept, sign in with the address that was invited, or create an account with it.",
    body: html`<p class="buttons"><a class="button primary" href="${withQuery(pages.signIn.address, { next })}">Sign in</a>
<a class="button" href="${withQuery(pages.signUp.address, { next })}">Create account</a></p>`,
  });
});

/** Why an invitation is not for who is signed in. */
const refusals: Readonly<Record<string, string>> = {
  INVITATION_NOT_FOUND:
    "It was sent to another address than the one that you are signed in with, was accepted or withdrawn already, or is too old.",
  EMAIL_VERIFICATION_REQUIRED_FOR_INVITATION: "Confirm your address first, by the link in the mail that we sent you.",
  INVITER_IS_NO_LONGER_A_MEMBER_OF_THE_ORGANIZATION: "Who sent it is no longer there. Ask for a new one.",
};

const refused = (code: string, message: string, email: string, next: string) =>
  Effect.gen(function* () {
    const { pages } = yield* Site;
    return yield* single({
      title: "This invitation cannot be used",
      lead: refusals[code] ?? message,
      status: 400,
      body: html`<p class="hint">You are signed in as <strong>${email}</strong>.</p>
${code === "INVITATION_NOT_FOUND" ? SignOut.button("Sign in as somebody else", { next }) : undefined}
<p class="after"><a href="${pages.account.address}">To your account</a></p>`,
    });
  });

const offer = Effect.fnUntraced(function* (
  id: IamEntityIds.InvitationId,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { api } = yield* Auth.Auth;
  const address = yield* addressOf(id);
  const visitor = yield* session;
  if (Option.isNone(visitor)) return yield* unknown(address);
  const { user } = visitor.value;
  return yield* api.getInvitation({ headers: yield* headersOf, query: { id } }).pipe(
    Effect.flatMap(({ organizationName, inviterEmail, role }) =>
      single({
        title: `Join ${organizationName}`,
        lead: html`<strong>${inviterEmail}</strong> invites you to join as ${roleOf(role)}.`,
        status,
        body: html`
${summary(problems)}
<form method="post" action="${address}" class="buttons">
<button class="primary" name="accept" value="yes">Accept</button>
<button name="reject" value="yes">Decline</button>
</form>
<p class="after">You are signed in as <strong>${user.email}</strong>.</p>`,
      }),
    ),
    Effect.catch(({ code, message }) => refused(code, message, user.email, address)),
  );
});

const roleOf = (role: string | null): Html => html`<strong>${(role ?? "member").replaceAll(",", ", ")}</strong>`;

const invited = <A, E, R>(answer: (id: IamEntityIds.InvitationId) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const { id } = yield* HttpRouter.params;
    return yield* IamEntityIds.InvitationId.is(id) ? answer(id) : noSuch;
  });

const get = invited((id) => offer(id));

const post = invited(
  Effect.fnUntraced(function* (invitationId) {
    const { pages } = yield* Site;
    const form = yield* filled;
    const accepted = form.has("accept");
    const answer = yield* call(`/organization/${accepted ? "accept" : "reject"}-invitation`, { invitationId });
    if (!answer.ok) return yield* offer(invitationId, [problemOf(answer)], answer.status);
    const notice = accepted ? "joined" : "declined";
    return seeOther(
      withQuery(pages.account.isReplaced ? pages.account.address : `${pages.account.address}/organizations`, {
        notice,
      }),
      answer.cookies,
    );
  }),
);

/** The page of an invitation. */
export const layer = routes("invitation", { get, post });
