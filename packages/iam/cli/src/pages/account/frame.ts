/** What the pages of an account have in common: their bar, their parts, and how their forms are answered. */
import * as Effect from "effect/Effect";
import type { HttpServerResponse } from "effect/http/HttpServerResponse";
import { withQuery } from "../kit/address.ts";
import { type Answer, requested, seeOther, type Visitor } from "../kit/browser.ts";
import { type Content, framed, heading } from "../kit/document.ts";
import { notice, type Problem, summary } from "../kit/form.ts";
import { attributes, html } from "../kit/html.ts";
import { Site } from "../kit/Site.ts";
import * as SignOut from "../signOut.ts";

/** The parts, by the paths below the account's own. */
const parts = {
  "": "Profile",
  "/security": "Security",
  "/sessions": "Sessions",
  "/organizations": "Organizations",
} as const;

/** A part of an account. */
export type Part = keyof typeof parts;

// A map, because whoever makes a link may ask for names that every object has.
const notices: ReadonlyMap<string, string> = new Map(
  Object.entries({
    administrator: "You are the administrator now.",
    profile: "Your profile is saved.",
    password: "Your password is changed.",
    "two-factor-off": "Two-step sign-in is switched off.",
    passkey: "The passkey is added.",
    "passkey-renamed": "The passkey is renamed.",
    "passkey-removed": "The passkey is removed.",
    "session-ended": "The session is ended.",
    "sessions-ended": "All other sessions are ended.",
    disconnected: "The account is disconnected.",
    created: "The organization is created.",
    active: "The active organization is changed.",
    joined: "You are a member now.",
    declined: "The invitation is declined.",
  }),
);

/** A page of an account. */
export interface Shown extends Omit<Content, "title"> {
  readonly title?: string;
  readonly problems?: ReadonlyArray<Problem> | undefined;
}

/** A page of an account, with what is to be said of the form that led to it. */
export const shown = Effect.fnUntraced(function* (visitor: Visitor, part: Part, content: Shown) {
  const { pages } = yield* Site;
  const { searchParams } = yield* requested;
  const { problems = [] } = content;
  const said = problems.length === 0 ? notices.get(searchParams.get("notice") ?? "") : undefined;
  const whole = { title: parts[part], ...content };
  const items = Object.entries(parts).map(
    ([path, name]) =>
      html`<li><a href="${pages.account.address}${path}"${attributes({ "aria-current": path === part && "page" })}>${name}</a></li>`,
  );
  return yield* framed(
    whole,
    (brand) => html`<body class="account">
<a class="skip" href="#content">To the content</a>
<header>${brand}
<div class="who"><span class="email">${visitor.user.email}</span>
${SignOut.button("Sign out", { quiet: true })}</div>
</header>
<div class="columns">
<nav aria-label="Account"><ul>${items}</ul></nav>
<main id="content" tabindex="-1">
${heading(whole)}
${summary(problems)}
${notice(said)}
${whole.body}
</main>
</div>
</body>`,
  );
});

/** Back to a part, with a word of what was done. */
export const done = Effect.fnUntraced(function* (part: Part, notice: string, { cookies }: Pick<Answer, "cookies">) {
  const { pages } = yield* Site;
  const response: HttpServerResponse = seeOther(withQuery(`${pages.account.address}${part}`, { notice }), cookies);
  return response;
});

/** A point in time, as people read it. */
export const time = (date: Date) => html`<time datetime="${date.toISOString()}">${format.format(date)}</time>`;

const format = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
