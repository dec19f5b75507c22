/** A page as a whole: its frame, its headers, and what it may load. */
import * as Effect from "effect/Effect";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as Option from "effect/Option";
import { source } from "./address.ts";
import { type Html, html, type Part } from "./html.ts";
import { Site } from "./Site.ts";

/** What a page has of its own. */
export interface Content {
  /** Its title and heading. */
  readonly title: string;
  readonly body: Part;
  /** A sentence below the heading. */
  readonly lead?: Part;
  /** 200 unless stated. */
  readonly status?: number;
  /** Other origins at which its forms may end, as its policy names them. */
  readonly beyond?: ReadonlyArray<string>;
  /** An address elsewhere to which it leads by itself. */
  readonly refresh?: string;
  /** Whether passkeys are used on it, for which it loads the script. */
  readonly passkeys?: boolean;
}

/**
 * A page in a frame.
 *
 * @param inside makes the body, with the site's name or logo
 */
export const framed = Effect.fnUntraced(function* (content: Content, inside: (brand: Html) => Html) {
  const { settings, theme, stylesheet, icon, passkeys } = yield* Site;
  const logo = Option.getOrUndefined(theme.logoUrl);
  const own = Option.getOrUndefined(theme.stylesheetUrl);
  const brand =
    logo === undefined
      ? html`<a class="brand" href="/">${settings.appName}</a>`
      : html`<a class="brand" href="/"><img src="${logo}" alt="${settings.appName}" height="28"></a>`;
  const policy = [
    "default-src 'none'",
    ["style-src 'self'", ...source(own ?? null)],
    ["img-src 'self'", ...source(logo ?? null)],
    ...(content.passkeys === true ? ["script-src 'self'", "connect-src 'self'"] : []),
    ["form-action 'self'", ...(content.beyond ?? [])],
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ];
  return HttpServerResponse.text(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${content.title} · ${settings.appName}</title>
${content.refresh !== undefined && html`<meta http-equiv="refresh" content="0; url=${content.refresh}">`}
<link rel="icon" type="image/svg+xml" href="${icon.path}">
<link rel="stylesheet" href="${stylesheet.path}">
${own !== undefined && html`<link rel="stylesheet" href="${own}">`}
${content.passkeys === true && html`<script type="module" src="${passkeys.path}"></script>`}
</head>
${inside(brand)}
</html>
`.markup,
    {
      status: content.status ?? 200,
      contentType: "text/html; charset=utf-8",
      headers: {
        "cache-control": "no-store",
        "content-security-policy": policy.map((part) => (typeof part === "string" ? part : part.join(" "))).join("; "),
        // An address may hold a token. To the server itself it goes, since forms are known by where they come from.
        "referrer-policy": "same-origin",
      },
    },
  );
});

/** What a page begins with. */
export const heading = ({ title, lead }: Content): Html =>
  html`<h1>${title}</h1>${lead !== undefined && html`<p class="lead">${lead}</p>`}`;

/** A page with one thing to do, in the middle. */
export const single = (content: Content) =>
  framed(
    content,
    (brand) => html`<body class="single">
<header>${brand}</header>
<main class="card">
${heading(content)}
${content.body}
</main>
</body>`,
  );
