/** How somebody proves who they are: the password, and the second step. */
import { Auth } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as fields from "../fields.ts";
import { call, signedIn, type Visitor } from "../kit/browser.ts";
import { checkbox, empty, type Field, field, filled, missing, type Problem } from "../kit/form.ts";
import { html } from "../kit/html.ts";
import { routes } from "../kit/route.ts";
import { Site } from "../kit/Site.ts";
import { problemOf } from "../kit/words.ts";
import { done, shown } from "./frame.ts";

const currentField: Field = { ...fields.password, name: "currentPassword", label: "Current password" };
const newField: Field = { ...fields.newPassword, name: "newPassword", label: "New password" };

const page = Effect.fnUntraced(function* (
  visitor: Visitor,
  form = empty,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages } = yield* Site;
  const { api } = yield* Auth.Auth;
  const at = `${pages.account.address}/security`;
  const accounts = yield* Effect.orDie(api.listUserAccounts({ headers: visitor.headers }));
  const hasPassword = accounts.some(({ providerId }) => providerId === "credential");
  return yield* shown(visitor, "/security", {
    problems,
    status,
    body: html`
<section class="card"><h2>Password</h2>
${
  hasPassword
    ? html`<form method="post" action="${at}">
<input type="text" name="username" value="${visitor.user.email}" autocomplete="username" hidden>
${field(currentField, problems)}
${field(newField, problems)}
${checkbox("others", "Sign out everywhere else", status === 200 || form.has("others"))}
<button class="primary">Change the password</button>
</form>`
    : html`<p>You have none. <a href="${pages.forgottenPassword.address}">Set a password</a></p>`
}</section>
<section class="card"><h2>Two-step sign-in ${
      visitor.user.twoFactorEnabled ? html`<span class="badge good">On</span>` : html`<span class="badge">Off</span>`
    }</h2>
<p>${
      visitor.user.twoFactorEnabled
        ? "After the password you are asked for a code of your authenticator app."
        : "A code of an app on your phone, after the password: who knows the password alone cannot sign in."
    }</p>
${hasPassword && html`<p><a class="button" href="${at}/two-factor">${visitor.user.twoFactorEnabled ? "Manage" : "Set it up"}</a></p>`}
</section>`,
  });
});

const get = signedIn((visitor) => page(visitor));

const change = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const lacking = missing(form, [currentField, newField]);
    if (lacking.length > 0) return yield* page(visitor, form, lacking, 400);
    const answer = yield* call("/change-password", {
      currentPassword: form.text("currentPassword"),
      newPassword: form.text("newPassword"),
      revokeOtherSessions: form.has("others"),
    });
    if (answer.ok) return yield* done("/security", "password", answer);
    const names = { password: "currentPassword", newPassword: "newPassword" };
    return yield* page(visitor, form, [problemOf(answer, names)], answer.status);
  }),
);

/** The security of an account. */
export const layer = routes("account", { below: "/security", get, post: change });
