/** By what somebody signs in: a password, and accounts elsewhere. */
import { Auth } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import { call, signedIn, type Visitor } from "../kit/browser.ts";
import { filled, type Problem } from "../kit/form.ts";
import { html } from "../kit/html.ts";
import { routes } from "../kit/route.ts";
import { Site } from "../kit/Site.ts";
import { problemOf } from "../kit/words.ts";
import { done, shown, time } from "./frame.ts";

const PASSWORD = "credential";

const accountsOf = Effect.fnUntraced(function* ({ headers }: Visitor) {
  const { api } = yield* Auth.Auth;
  return yield* Effect.orDie(api.listUserAccounts({ headers }));
});

const page = Effect.fnUntraced(function* (visitor: Visitor, problems: ReadonlyArray<Problem> = [], status = 200) {
  const { pages } = yield* Site;
  const accounts = yield* accountsOf(visitor);
  const items = accounts.map(
    ({ id, providerId, accountId, createdAt }) => html`<li><div>
<strong>${providerId === PASSWORD ? "E-mail address and password" : providerId}</strong>
<p class="hint">${providerId === PASSWORD ? visitor.user.email : accountId} · since ${time(createdAt)} UTC</p></div>
${
  providerId !== PASSWORD &&
  accounts.length > 1 &&
  html`<form method="post" action="${pages.account.address}/connections"><button name="account" value="${id}" aria-label="Remove ${providerId}">Remove</button></form>`
}</li>`,
  );
  return yield* shown(visitor, "/connections", {
    lead: "By each of these you can sign in.",
    problems,
    status,
    body: html`<section class="card">${
      items.length > 0
        ? html`<ul class="rows">${items}</ul>`
        : html`<p>You have neither a password nor an account elsewhere. <a href="${pages.forgottenPassword.address}">Set a password</a></p>`
    }</section>`,
  });
});

const get = signedIn((visitor) => page(visitor));

const remove = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const id = (yield* filled).text("account");
    const found = (yield* accountsOf(visitor)).find((account) => account.id === id);
    if (found === undefined) return yield* page(visitor, [{ text: "This connection is gone already." }], 404);
    const answer = yield* call("/unlink-account", { providerId: found.providerId, accountId: found.accountId });
    if (!answer.ok) return yield* page(visitor, [problemOf(answer)], answer.status);
    return yield* done("/connections", "disconnected", answer);
  }),
);

/** The connections of an account. */
export const layer = routes("account", { below: "/connections", get, post: remove });
