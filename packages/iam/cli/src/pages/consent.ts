/** Letting an OAuth client in. */
import * as Effect from "effect/Effect";
import { source } from "./kit/address.ts";
import { call, read, requested, seeOther, signedIn, textOf, type Visitor } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { filled, hidden, type Problem, summary } from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import { problemOf } from "./kit/words.ts";
import * as Scopes from "./scopes.ts";

const refused = single({
  title: "This request cannot be answered",
  lead: "It is not whole, or too old. Go back to the application that sent you here, and begin again.",
  status: 400,
  body: html`<p><a class="button" href="/">To the start page</a></p>`,
});

/** The request, as the OAuth server signed it for this page: what it allows is what was shown. */
const page = Effect.fnUntraced(function* (
  visitor: Visitor,
  query: string,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages } = yield* Site;
  const request = new URLSearchParams(query);
  const clientId = request.get("client_id");
  if (clientId === null || !request.has("sig")) return yield* refused;
  const client = yield* read("/oauth2/public-client", { client_id: clientId });
  if (!client.ok) return yield* refused;
  const name = textOf(client.body, "client_name") ?? clientId;
  const [redirect] = source(request.get("redirect_uri"));
  const links = [
    ["tos_uri", "Terms of use"],
    ["policy_uri", "Privacy"],
  ].flatMap(([member = "", label = ""]) => {
    const href = textOf(client.body, member);
    return href !== undefined && /^https?:\/\//.test(href)
      ? [html`<a href="${href}" rel="noreferrer">${label}</a>`]
      : [];
  });
  return yield* single({
    title: `Allow ${name}?`,
    lead: html`<strong>${name}</strong> asks to sign you in with this account, <strong>${visitor.user.email}</strong>.`,
    status,
    beyond: redirect === undefined ? [] : [redirect],
    body: html`
${summary(problems)}
${request.get("scope") !== null && html`<div class="asked"><h2>It would be able to</h2>${Scopes.list(request.get("scope") ?? "")}</div>`}
<form method="post" action="${pages.consent.address}">
${hidden("query", query)}
<div class="buttons"><button class="primary" name="accept" value="yes">Allow</button>
<button name="deny" value="yes">Deny</button></div>
</form>
<p class="after">You are then taken to <strong>${redirect ?? "the application"}</strong>.</p>
${links.length > 0 && html`<nav class="after" aria-label="About ${name}">${links}</nav>`}`,
  });
});

const get = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const { search } = yield* requested;
    return yield* page(visitor, search.slice(1));
  }),
);

const post = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const query = form.text("query");
    const answer = yield* call("/oauth2/consent", { accept: form.has("accept"), oauth_query: query });
    const url = textOf(answer.body, "url");
    if (answer.ok && url !== undefined) return seeOther(url, answer.cookies);
    if (answer.code === "invalid_signature") return yield* refused;
    return yield* page(visitor, query, [problemOf(answer)], answer.status);
  }),
);

/** The page to let an OAuth client in. */
export const layer = routes("consent", { get, post, plugin: "oauth-provider" });
