/** HTML, in which whatever comes from elsewhere is escaped. */

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

/** Text, markup, or nothing: what is not there leaves nothing. */
export type Part = string | Html | ReadonlyArray<Html> | undefined | false;

const render = (part: Part): string => {
  if (part === undefined || part === false) return "";
  if (typeof part === "string") return escape(part);
  return part instanceof Html ? part.markup : part.map(render).join("");
};

/** Makes markup: whatever is put into the template is escaped, unless it is markup itself. */
export const html = (template: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html(String.raw({ raw: template }, ...parts.map(render)));

/** Attributes of a tag: `true` states one without a value, and what is not there leaves it out. */
export const attributes = (of: Readonly<Record<string, string | boolean | undefined>>): Html =>
  new Html(
    Object.entries(of)
      .map(([name, value]) =>
        value === undefined || value === false ? "" : value === true ? ` ${name}` : ` ${name}="${escape(value)}"`,
      )
      .join(""),
  );
