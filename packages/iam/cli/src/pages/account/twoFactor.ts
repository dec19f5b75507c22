/** Setting up the second step, and switching it off. */
import * as Effect from "effect/Effect";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import encodeQR from "qr";
import * as fields from "../fields.ts";
import { call, signedIn, textOf, type Visitor } from "../kit/browser.ts";
import { type Field, field, filled, hidden, missing, type Problem } from "../kit/form.ts";
import { Html, html } from "../kit/html.ts";
import { routes } from "../kit/route.ts";
import { Site } from "../kit/Site.ts";
import { problemOf } from "../kit/words.ts";
import { done, shown } from "./frame.ts";

const PATH = "/security/two-factor";

const passwordField: Field = { ...fields.password, first: true };

/** What can be done: switching it on, or new backup codes and switching it off. Each asks for the password. */
const page = Effect.fnUntraced(function* (visitor: Visitor, problems: ReadonlyArray<Problem> = [], status = 200) {
  const { pages } = yield* Site;
  const at = `${pages.account.address}${PATH}`;
  const isOn = visitor.user.twoFactorEnabled;
  return yield* shown(visitor, "/security", {
    title: "Two-step sign-in",
    lead: isOn ? "It is on." : "You need an authenticator app, on your phone or in your password manager.",
    problems,
    status,
    body: html`<section class="card"><h2>${isOn ? "Change it" : "Set it up"}</h2>
<form method="post" action="${at}">
${fields.owner(visitor.user.email)}
${field({ ...passwordField, hint: "To be sure that it is you." }, problems)}
${
  isOn
    ? html`<div class="buttons"><button name="do" value="codes">New backup codes</button>
<button name="do" value="disable" class="danger">Switch it off</button></div>`
    : html`<button class="primary" name="do" value="enable">Continue</button>`
}
</form></section>
<p class="after"><a href="${pages.account.address}/security">Back to security</a></p>`,
  });
});

interface Secret {
  readonly uri: string;
  readonly codes: ReadonlyArray<string>;
}

/** The picture of a text, for a camera. Its colors are its own, since it must stay readable in the dark. */
const qr = (text: string): Html =>
  html`<figure class="qr" role="img" aria-label="QR code for your authenticator app">${new Html(encodeQR(text, "svg", { ecc: "medium", border: 2 }))}</figure>`;

/** The key, in the groups in which people type it. */
const keyOf = (uri: string): string =>
  (new URL(uri).searchParams.get("secret") ?? "").replaceAll(/(.{4})(?=.)/g, "$1 ");

/**
 * Shows the secret and asks for a code of it. The secret goes along with the form, because Better Auth tells it once: a
 * code that was mistyped is then typed again, with nothing set up anew.
 */
const setUp = Effect.fnUntraced(function* (
  visitor: Visitor,
  { uri, codes }: Secret,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages } = yield* Site;
  return yield* shown(visitor, "/security", {
    title: "Set up two-step sign-in",
    problems,
    status,
    body: html`<section class="card"><h2>1. Scan the code</h2>
<p>Open your authenticator app, add an account, and scan this.</p>
${qr(uri)}
<details><summary>It cannot be scanned?</summary><p>Enter this key: <code class="key">${keyOf(uri)}</code></p></details>
</section>
<section class="card"><h2>2. Enter what it shows</h2>
<form method="post" action="${pages.account.address}${PATH}">
${hidden("uri", uri)}
${hidden("codes", codes.join(" "))}
${field({ ...fields.totp, maxlength: 7, first: true }, problems)}
<button class="primary" name="do" value="verify">Switch it on</button>
</form></section>
<p class="after"><a href="${pages.account.address}/security">Not now</a></p>`,
  });
});

const backupCodes = Effect.fnUntraced(function* (visitor: Visitor, codes: ReadonlyArray<string>, lead: string) {
  const { pages } = yield* Site;
  return yield* shown(visitor, "/security", {
    title: "Your backup codes",
    lead,
    body: html`<section class="card"><h2>Keep these safe</h2>
<p>Each lets you in once, when you do not have your phone. They are shown only now.</p>
<ul class="codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
<p><a class="button primary" href="${pages.account.address}/security">I have kept them</a></p>
</section>`,
  });
});

const codesOf = (body: Readonly<Record<string, unknown>>): ReadonlyArray<string> => {
  const { backupCodes: codes } = body;
  return Array.isArray(codes) ? codes.filter((code) => typeof code === "string") : [];
};

const get = signedIn((visitor) => page(visitor));

const post = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const [what, password] = [form.text("do"), form.text("password")];
    if (what === "verify") {
      const secret = { uri: form.text("uri"), codes: form.text("codes").split(" ") };
      if (!/^otpauth:\/\/totp\/\S{1,1000}$/.test(secret.uri))
        return yield* page(visitor, [{ text: "Begin again." }], 400);
      const lacking = missing(form, [fields.totp]);
      if (lacking.length > 0) return yield* setUp(visitor, secret, lacking, 400);
      const answer = yield* call("/two-factor/verify-totp", { code: form.text("code").replaceAll(/\s/g, "") });
      if (!answer.ok) return yield* setUp(visitor, secret, [problemOf(answer, { code: "code" })], answer.status);
      const shownOnce = yield* backupCodes(visitor, secret.codes, "Two-step sign-in is on.");
      return HttpServerResponse.mergeCookies(shownOnce, answer.cookies);
    }
    const lacking = missing(form, [passwordField]);
    if (lacking.length > 0) return yield* page(visitor, lacking, 400);
    const refused = (answer: Parameters<typeof problemOf>[0]) =>
      page(visitor, [problemOf(answer, { password: "password" })], answer.status);
    if (what === "disable") {
      const answer = yield* call("/two-factor/disable", { password });
      return yield* answer.ok ? done("/security", "two-factor-off", answer) : refused(answer);
    }
    if (what === "codes") {
      const answer = yield* call("/two-factor/generate-backup-codes", { password });
      return yield* answer.ok
        ? backupCodes(visitor, codesOf(answer.body), "Those that you had no longer work.")
        : refused(answer);
    }
    const answer = yield* call("/two-factor/enable", { password });
    const uri = textOf(answer.body, "totpURI");
    return yield* answer.ok && uri !== undefined
      ? setUp(visitor, { uri, codes: codesOf(answer.body) })
      : refused(answer);
  }),
);

/** The page of the second step. */
export const layer = routes("account", { below: PATH, get, post });
