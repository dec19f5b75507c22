/** What programs ask to be let do, in words. */
import { type Html, html } from "./kit/html.ts";

// A map, because whoever asks may name what every object has.
const words: ReadonlyMap<string, string> = new Map(
  Object.entries({
    openid: "Know that it is you",
    profile: "See your name and your picture",
    email: "See your e-mail address",
    offline_access: "Keep its access when you are away",
  }),
);

/** A list of scopes, as they stand in a request; one that has no words is named. */
export const list = (scopes: string): Html | undefined => {
  const items = scopes
    .split(" ")
    .filter((scope) => scope !== "")
    .map((scope) => html`<li>${words.get(scope) ?? html`<code>${scope}</code>`}</li>`);
  return items.length === 0 ? undefined : html`<ul class="scopes">${items}</ul>`;
};
