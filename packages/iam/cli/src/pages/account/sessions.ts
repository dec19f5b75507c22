/** Where somebody is signed in. */
import { Auth } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { call, signedIn, type Visitor } from "../kit/browser.ts";
import { filled, type Problem } from "../kit/form.ts";
import { html } from "../kit/html.ts";
import { type Routes, routes } from "../kit/route.ts";
import { Site } from "../kit/Site.ts";
import { problemOf } from "../kit/words.ts";
import { deviceOf } from "./device.ts";
import { done, shown, time } from "./frame.ts";

/** The live ones, this device's first. */
const sessionsOf = Effect.fnUntraced(function* ({ headers, session: current }: Visitor) {
  const { api } = yield* Auth.Auth;
  const sessions = yield* Effect.orDie(api.listSessions({ headers }));
  return sessions.toSorted(
    (a, b) =>
      Number(b.id === current.id) - Number(a.id === current.id) || b.updatedAt.getTime() - a.updatedAt.getTime(),
  );
});

const page = Effect.fnUntraced(function* (visitor: Visitor, problems: ReadonlyArray<Problem> = [], status = 200) {
  const { pages } = yield* Site;
  const sessions = yield* sessionsOf(visitor);
  // By its id: the token is the session itself.
  const items = sessions.map(({ id, ipAddress, userAgent, updatedAt }) => {
    const device = deviceOf(userAgent);
    return html`<li><div><strong>${device}</strong> ${id === visitor.session.id && html`<span class="badge">This device</span>`}
<p class="hint">${ipAddress ? `${ipAddress} · ` : ""}last used ${time(updatedAt)} UTC</p></div>
${
  id !== visitor.session.id &&
  html`<form method="post" action="${pages.account.address}/sessions"><button name="session" value="${id}" aria-label="End the session: ${device}">End</button></form>`
}</li>`;
  });
  return yield* shown(visitor, "/sessions", {
    lead: "These browsers and programs are signed in as you. End those that you do not know.",
    problems,
    status,
    body: html`<section class="card"><ul class="rows">${items}</ul>
${
  sessions.length > 1 &&
  html`<form method="post" action="${pages.account.address}/sessions/others" class="foot"><button class="danger">End all others</button></form>`
}</section>`,
  });
});

const get = signedIn((visitor) => page(visitor));

const end = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const id = (yield* filled).text("session");
    const found = (yield* sessionsOf(visitor)).find((session) => session.id === id);
    if (found === undefined) return yield* page(visitor, [{ text: "This session is over already." }], 404);
    const answer = yield* call("/revoke-session", { token: found.token });
    if (!answer.ok) return yield* page(visitor, [problemOf(answer)], answer.status);
    return yield* done("/sessions", "session-ended", answer);
  }),
);

const endOthers = signedIn(
  Effect.fnUntraced(function* (visitor) {
    const answer = yield* call("/revoke-other-sessions");
    if (!answer.ok) return yield* page(visitor, [problemOf(answer)], answer.status);
    return yield* done("/sessions", "sessions-ended", answer);
  }),
);

/** The sessions of an account. */
export const layer: Routes = Layer.merge(
  routes("account", { below: "/sessions", get, post: end }),
  routes("account", { below: "/sessions/others", post: endOthers }),
);
