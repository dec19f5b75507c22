/** Who somebody is. */
import * as Effect from "effect/Effect";
import * as fields from "../fields.ts";
import { call, signedIn, type Visitor } from "../kit/browser.ts";
import { field, filled, missing, type Problem } from "../kit/form.ts";
import { html } from "../kit/html.ts";
import { routes } from "../kit/route.ts";
import { Site } from "../kit/Site.ts";
import { problemOf } from "../kit/words.ts";
import { done, shown, time } from "./frame.ts";

const page = Effect.fnUntraced(function* (
  visitor: Visitor,
  name: string,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages } = yield* Site;
  const { user } = visitor;
  return yield* shown(visitor, "", {
    problems,
    status,
    body: html`
<section class="card"><h2>About you</h2>
<form method="post" action="${pages.account.address}">
${field({ ...fields.name, value: name }, problems)}
<button class="primary">Save</button>
</form></section>
<section class="card"><h2>Account</h2>
<dl>
<div><dt>E-mail address</dt><dd>${user.email} ${user.emailVerified && html`<span class="badge">Confirmed</span>`}</dd></div>
<div><dt>Since</dt><dd>${time(user.createdAt)} UTC</dd></div>
<div><dt>Id</dt><dd><code>${user.id}</code></dd></div>
</dl></section>`,
  });
});

const get = signedIn((visitor) => page(visitor, visitor.user.name));

const post = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const name = form.text("name").trim();
    const lacking = missing(form, [fields.name]);
    if (lacking.length > 0) return yield* page(visitor, name, lacking, 400);
    const answer = yield* call("/update-user", { name });
    if (!answer.ok) return yield* page(visitor, name, [problemOf(answer)], answer.status);
    return yield* done("", "profile", answer);
  }),
);

/** The profile. */
export const layer = routes("account", { get, post });
