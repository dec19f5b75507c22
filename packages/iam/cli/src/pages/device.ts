/** Signing in a device that has no browser of its own, by the code that it shows (RFC 8628). */
import * as Effect from "effect/Effect";
import { call, read, requested, signedIn, textOf, type Visitor } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { type Field, field, filled, hidden, type Problem, summary } from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import { problemOf } from "./kit/words.ts";
import * as Scopes from "./scopes.ts";

const codeField: Field = { name: "user_code", label: "Code", autocomplete: "off", code: true, maxlength: 32 };

const enter = Effect.fnUntraced(function* (code: string, problems: ReadonlyArray<Problem> = [], status = 200) {
  const { pages } = yield* Site;
  return yield* single({
    title: "Sign in a device",
    lead: "Enter the code that the device shows.",
    status,
    body: html`
${summary(problems)}
<form method="get" action="${pages.device.address}">
${field({ ...codeField, value: code, first: true }, problems)}
<button class="primary">Continue</button>
</form>`,
  });
});

/** Who asks: an OAuth client by its name, anything else by its id. */
const nameOf = Effect.fnUntraced(function* (clientId: string) {
  const client = yield* read("/oauth2/public-client", { client_id: clientId });
  return (client.ok ? textOf(client.body, "client_name") : undefined) ?? clientId;
});

const review = Effect.fnUntraced(function* (
  visitor: Visitor,
  code: string,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages } = yield* Site;
  // By this it becomes this user's to decide on.
  const asked = yield* read("/device", { user_code: code });
  const clientId = textOf(asked.body, "client_id");
  if (!asked.ok || clientId === undefined || asked.body.status !== "pending") {
    const text = asked.status === 429 ? problemOf(asked).text : "This code is not right, or it was used or is too old.";
    return yield* enter(code, [{ field: codeField.name, text }], 400);
  }
  const name = yield* nameOf(clientId);
  const scopes = Scopes.list(textOf(asked.body, "scope") ?? "");
  return yield* single({
    title: `Sign in ${name}?`,
    lead: html`A device that says it is <strong>${name}</strong> asks to be signed in as <strong>${visitor.user.email}</strong>.`,
    status,
    body: html`
${summary(problems)}
<p>Does it show this code?</p>
<p class="user-code"><code>${code}</code></p>
${scopes !== undefined && html`<div class="asked"><h2>It would be able to</h2>${scopes}</div>`}
<form method="post" action="${pages.device.address}">
${hidden("user_code", code)}
<div class="buttons"><button class="primary" name="approve" value="yes">Yes, sign it in</button>
<button name="deny" value="yes">No</button></div>
</form>
<p class="after">If somebody sent you here, or you do not have the device before you, say no.</p>`,
  });
});

const get = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const { searchParams } = yield* requested;
    const code = (searchParams.get("user_code") ?? "").trim().toUpperCase();
    return yield* code === "" ? enter("") : review(visitor, code);
  }),
);

const post = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const userCode = form.text("user_code");
    const approved = form.has("approve");
    const answer = yield* call(approved ? "/device/approve" : "/device/deny", { userCode });
    if (!answer.ok) return yield* review(visitor, userCode, [problemOf(answer)], answer.status);
    return yield* single({
      title: approved ? "The device is signed in" : "The device is not signed in",
      lead: approved ? "Go back to it: it goes on by itself in a moment." : "Nothing was given to it.",
      body: html`<p><a class="button" href="/">To the start page</a></p>`,
    });
  }),
);

/** The page for the code of a device. */
export const layer = routes("device", { get, post, plugin: "device-authorization" });
