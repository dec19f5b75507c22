/** The organizations that somebody belongs to, and the one that is acted for. */
import { Auth } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { call, signedIn, type Visitor } from "../kit/browser.ts";
import { empty, type Field, type Filled, field, filled, missing, type Problem } from "../kit/form.ts";
import { html } from "../kit/html.ts";
import { type Routes, routes } from "../kit/route.ts";
import { Site } from "../kit/Site.ts";
import { problemOf } from "../kit/words.ts";
import { done, shown } from "./frame.ts";

const nameField: Field = { name: "name", label: "Name", autocomplete: "organization" };
const slugField: Field = {
  name: "slug",
  label: "Short name",
  autocomplete: "off",
  hint: "For addresses: small letters, digits and hyphens. Without one it is made of the name.",
  optional: true,
  code: true,
};

/** A short name that a name makes. */
const slugOf = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");

const page = Effect.fnUntraced(function* (
  visitor: Visitor,
  form: Filled = empty,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages } = yield* Site;
  const { api } = yield* Auth.Auth;
  const organizations = yield* Effect.orDie(api.listOrganizations({ headers: visitor.headers }));
  const active = visitor.session.activeOrganizationId;
  const items = organizations.map(
    ({
      id,
      name,
      slug,
    }) => html`<li><div><strong>${name}</strong> ${id === active && html`<span class="badge">Active</span>`}
<p class="hint">${slug}</p></div>
${
  id !== active &&
  html`<form method="post" action="${pages.account.address}/organizations/active"><button name="organization" value="${id}" aria-label="Switch to ${name}">Switch</button></form>`
}</li>`,
  );
  return yield* shown(visitor, "/organizations", {
    lead: "What you do, you do for the active one.",
    problems,
    status,
    body: html`
<section class="card"><h2>Yours</h2>${
      items.length > 0 ? html`<ul class="rows">${items}</ul>` : html`<p>You belong to none yet.</p>`
    }</section>
<section class="card"><h2>Create an organization</h2>
<form method="post" action="${pages.account.address}/organizations">
${field({ ...nameField, value: form.text("name") }, problems)}
${field({ ...slugField, value: form.text("slug") }, problems)}
<button class="primary">Create</button>
</form></section>`,
  });
});

const get = signedIn((visitor) => page(visitor));

const create = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const form = yield* filled;
    const name = form.text("name").trim();
    const slug = slugOf(form.text("slug") || name);
    const lacking = missing(form, [nameField]);
    if (lacking.length > 0) return yield* page(visitor, form, lacking, 400);
    if (slug === "") {
      const problem = { field: slugField.name, text: "Choose a short name of small letters, digits and hyphens." };
      return yield* page(visitor, form, [problem], 400);
    }
    const answer = yield* call("/organization/create", { name, slug });
    if (!answer.ok) return yield* page(visitor, form, [problemOf(answer, { slug: "slug" })], answer.status);
    return yield* done("/organizations", "created", answer);
  }),
);

const activate = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const organizationId = (yield* filled).text("organization");
    const answer = yield* call("/organization/set-active", { organizationId });
    if (!answer.ok) return yield* page(visitor, empty, [problemOf(answer)], answer.status);
    return yield* done("/organizations", "active", answer);
  }),
);

/** The organizations of an account. */
export const layer: Routes = Layer.merge(
  routes("account", { below: "/organizations", get, post: create }),
  routes("account", { below: "/organizations/active", post: activate }),
);
