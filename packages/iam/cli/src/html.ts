/** Pages: plain HTML that works without scripts and loads nothing. */
import { createHash } from "node:crypto";
import * as HttpServerResponse from "effect/http/HttpServerResponse";

/** Markup, as opposed to text that still has to be escaped. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? "");

type Part = string | Html | ReadonlyArray<Html>;

const render = (part: Part): string =>
  part instanceof Html ? part.markup : typeof part === "string" ? escape(part) : part.map(render).join("");

/** Makes markup: whatever is put into the template is escaped, unless it is markup itself. */
export const html = (template: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html(String.raw({ raw: template }, ...parts.map(render)));

const style = `
:root { color-scheme: light dark; --text: #1a1a1a; --page: #fff; --soft: #f2f2f0; --line: #8a8a86; --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --text: #ededea; --page: #17181a; --soft: #24262a; --line: #7d8087; --link: #8ab8ff; }
}
body { margin: 0 auto; max-width: 40rem; padding: 2rem 1.25rem 4rem; background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; }
a { color: var(--link); }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .55rem; border: 1px solid var(--line);
  border-radius: .3rem; background: var(--page); color: inherit; font: inherit; }
small { display: block; }
button { margin-top: 1.5rem; padding: .6rem 1.2rem; border: 0; border-radius: .3rem; background: var(--link);
  color: var(--page); font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
pre { padding: .8rem; border-radius: .3rem; background: var(--soft); overflow-x: auto; font-size: .85rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
[role="alert"] { padding: .6rem .8rem; border-left: .3rem solid #c4320a; background: var(--soft); }
`;

const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * A page.
 *
 * @param options.title its title and heading
 * @param options.body what stands below the heading
 * @param options.status 200 unless stated
 */
export const page = (options: { readonly title: string; readonly body: Html; readonly status?: number }) =>
  HttpServerResponse.text(
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${options.title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<h1>${options.title}</h1>
${options.body}
</main>
</body>
</html>
`.markup,
    {
      status: options.status ?? 200,
      contentType: "text/html; charset=utf-8",
      headers: {
        "content-security-policy": policy,
        // An address may hold a token.
        "referrer-policy": "no-referrer",
      },
    },
  );
