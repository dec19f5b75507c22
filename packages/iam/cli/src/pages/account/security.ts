/** How somebody proves who they are: the password, the second step, passkeys, and accounts elsewhere. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as fields from "../fields.ts";
import { call, signedIn, type Visitor } from "../kit/browser.ts";
import { checkbox, empty, type Field, field, filled, missing, type Problem } from "../kit/form.ts";
import { html } from "../kit/html.ts";
import { type Routes, routes } from "../kit/route.ts";
import { Site } from "../kit/Site.ts";
import { problemOf } from "../kit/words.ts";
import * as Accounts from "./accounts.ts";
import { done, shown } from "./frame.ts";
import * as Passkeys from "./passkeys.ts";

const currentField: Field = { ...fields.password, name: "currentPassword", label: "Current password" };
const newField = ({ user }: Visitor): Field => ({
  ...(user.twoFactorEnabled ? fields.newPasswordWithSecondFactor : fields.newPassword),
  name: "newPassword",
  label: "New password",
});

const page = Effect.fnUntraced(function* (
  visitor: Visitor,
  form = empty,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages, settings } = yield* Site;
  const at = `${pages.account.address}/security`;
  const accounts = yield* Accounts.accountsOf(visitor);
  const passkeys = settings.plugins.includes("passkey");
  return yield* shown(visitor, "/security", {
    problems,
    status,
    passkeys,
    body: html`
<section class="card"><h2>Password</h2>
${
  accounts.hasPassword
    ? html`<form method="post" action="${at}">
${fields.owner(visitor.user.email)}
${field(currentField, problems)}
${field(newField(visitor), problems)}
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
        : "With a code of your authenticator app after the password, nobody who only knows the password can sign in."
    }</p>
${accounts.hasPassword && html`<p><a class="button" href="${at}/two-factor">${visitor.user.twoFactorEnabled ? "Manage" : "Set it up"}</a></p>`}
</section>
${passkeys && (yield* Passkeys.section(at))}
${Accounts.section(at, accounts)}`,
  });
});

const get = signedIn((visitor) => page(visitor));

const change = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const lacking = missing(form, [currentField, newField(visitor)]);
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

const disconnect = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const id = (yield* filled).text("account");
    const { elsewhere } = yield* Accounts.accountsOf(visitor);
    const found = elsewhere.find((account) => account.id === id);
    if (found === undefined)
      return yield* page(visitor, empty, [{ text: "This account is disconnected already." }], 404);
    const { providerId, accountId } = found;
    const answer = yield* call("/unlink-account", { providerId, accountId });
    if (!answer.ok) return yield* page(visitor, empty, [problemOf(answer)], answer.status);
    return yield* done("/security", "disconnected", answer);
  }),
);

const passkeys = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const removed = form.has("remove");
    const answer = removed
      ? yield* call("/passkey/delete-passkey", { id: form.text("remove") })
      : yield* call("/passkey/update-passkey", { id: form.text("rename"), name: form.text("name").trim() });
    if (!answer.ok) return yield* page(visitor, empty, [problemOf(answer)], answer.status);
    return yield* done("/security", removed ? "passkey-removed" : "passkey-renamed", answer);
  }),
);

/** The security of an account. */
export const layer: Routes = Layer.mergeAll(
  routes("account", { below: "/security", get, post: change }),
  routes("account", { below: "/security/accounts", post: disconnect }),
  routes("account", { below: "/security/passkeys", post: passkeys, plugin: "passkey" }),
);
