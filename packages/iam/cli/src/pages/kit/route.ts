/** The routes of pages: none where an application has the page, and none for what other sites post. */
import { type Auth, type FirstAdministrator, Pages } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import type { HttpServerResponse } from "effect/http/HttpServerResponse";
import type * as Layer from "effect/Layer";
import { isOwnForm } from "./browser.ts";
import { single } from "./document.ts";
import { html } from "./html.ts";
import { Site } from "./Site.ts";

/** What the pages stand on. */
type Needed = Site | Auth.Auth | FirstAdministrator.FirstAdministrator;

/** How a page answers. */
type Answer = Effect.Effect<HttpServerResponse, never, Needed | HttpRouter.Provided>;

/** Routes, for a router. */
export type Routes = Layer.Layer<
  never,
  never,
  HttpRouter.HttpRouter | Site | HttpRouter.Request.From<"Requires", Needed>
>;

/** Refuses a form that none of the server's own pages sent. */
const ownOnly = (answer: Answer): Answer =>
  Effect.gen(function* () {
    if (yield* isOwnForm) return yield* answer;
    const { settings } = yield* Site;
    return yield* single({
      title: "This form was not sent from here",
      status: 403,
      body: html`<p>For your safety it is only taken from the pages at
<a href="${settings.baseUrl.origin}">${settings.baseUrl.origin}</a>. Open the page there, and send it again.</p>`,
    });
  });

/** The routes of a page. */
interface Page {
  readonly get?: Answer;
  readonly post?: Answer;
  /** What follows the page's own path. */
  readonly below?: string;
  /** The plugin without which there is nothing to do on it. */
  readonly plugin?: Auth.Settings["plugins"][number];
}

/** The routes of a page, by the page's name. */
export const routes = (name: Pages.Name, { get, post, below = "", plugin }: Page): Routes =>
  HttpRouter.use(
    Effect.fnUntraced(function* (router) {
      const { pages, settings } = yield* Site;
      if (pages[name].isReplaced || (plugin !== undefined && !settings.plugins.includes(plugin))) return;
      const path = `${Pages.paths[name]}${below}` as const;
      if (get !== undefined) yield* router.add("GET", path, get);
      if (post !== undefined) yield* router.add("POST", path, ownOnly(post));
    }),
  );

/** What a form does that several pages have, and that no application replaces. */
export const action = (path: `/${string}`, post: Answer): Routes =>
  HttpRouter.use((router) => router.add("POST", path, ownOnly(post)));
