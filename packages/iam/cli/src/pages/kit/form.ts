/** Forms: what they are made of, and what is said of those that were filled wrongly. */
import * as Effect from "effect/Effect";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as UrlParams from "effect/http/UrlParams";
import * as Option from "effect/Option";
import { attributes, type Html, html, type Part } from "./html.ts";

/** What a form was filled with. */
export interface Filled {
  /** What stands in a field; nothing where it is missing. */
  readonly text: (name: string) => string;
  /** Whether a box is ticked, or a button was pressed. */
  readonly has: (name: string) => boolean;
}

/** A form that nobody has filled yet. */
export const empty: Filled = { text: () => "", has: () => false };

/** The form that was sent. */
export const filled: Effect.Effect<Filled, never, HttpServerRequest.HttpServerRequest> = Effect.gen(function* () {
  const { urlParamsBody } = yield* HttpServerRequest.HttpServerRequest;
  const params = yield* Effect.orDie(urlParamsBody);
  const found = (name: string) => UrlParams.getFirst(params, name);
  return { text: (name) => Option.getOrElse(found(name), () => ""), has: (name) => Option.isSome(found(name)) };
});

/** What is wrong with a form, as its user is told: with one of its fields, or as a whole. */
export interface Problem {
  readonly field?: string | undefined;
  readonly text: string;
}

/** A field of a form. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: "text" | "email" | "password" | "tel";
  /** What it is filled with: never a password. */
  readonly value?: string;
  readonly hint?: Part;
  /** What the browser fills it with. */
  readonly autocomplete: string;
  readonly inputmode?: "numeric" | "text" | "email" | "tel";
  readonly minlength?: number;
  readonly maxlength?: number;
  /** Whether it need not be filled. */
  readonly optional?: boolean;
  /** Whether it is where one begins to type. */
  readonly first?: boolean;
  /** Whether it is a code, which is shown wider and not corrected. */
  readonly code?: boolean;
  /** What stands at the right of its label. */
  readonly aside?: Html;
}

/** The fields that must be filled and are not. */
export const missing = (filled: Filled, fields: ReadonlyArray<Field>): ReadonlyArray<Problem> =>
  fields
    .filter(({ name, optional }) => optional !== true && filled.text(name).trim() === "")
    .map(({ name, label }) => ({ field: name, text: `${label} is missing.` }));

/** A field, with what is wrong with it. */
export const field = (
  { name, label, type = "text", value, hint, autocomplete, inputmode, minlength, maxlength, ...of }: Field,
  problems: ReadonlyArray<Problem> = [],
): Html => {
  const wrong = problems.find((problem) => problem.field === name);
  const described = [
    ...(hint === undefined ? [] : [`${name}-hint`]),
    ...(wrong === undefined ? [] : [`${name}-problem`]),
  ];
  return html`<div class="field">
<div class="label-row"><label for="${name}">${label}</label>${of.aside}</div>
<input${attributes({
    id: name,
    name,
    type,
    value,
    autocomplete,
    inputmode,
    required: of.optional !== true,
    minlength: minlength === undefined ? undefined : String(minlength),
    maxlength: maxlength === undefined ? undefined : String(maxlength),
    class: of.code === true ? "code" : undefined,
    spellcheck: type === "text" && !of.code ? undefined : "false",
    autocapitalize: type === "email" || of.code ? "none" : undefined,
    autofocus: of.first === true && problems.length === 0,
    "aria-describedby": described.length === 0 ? undefined : described.join(" "),
    "aria-invalid": wrong === undefined ? undefined : "true",
  })}>
${hint === undefined ? "" : html`<p class="hint" id="${name}-hint">${hint}</p>`}
${wrong === undefined ? "" : html`<p class="wrong" id="${name}-problem">${wrong.text}</p>`}
</div>`;
};

/** A box to be ticked. */
export const checkbox = (name: string, label: string, checked: boolean): Html =>
  html`<div class="check"><input type="checkbox" id="${name}" name="${name}" value="yes"${attributes({ checked })}><label for="${name}">${label}</label></div>`;

/** A value that goes along with a form, where there is one. */
export const hidden = (name: string, value: string | undefined): Html | undefined =>
  value === undefined ? undefined : html`<input type="hidden" name="${name}" value="${value}">`;

/** What is wrong, above the form, with the focus on it. */
export const summary = (problems: ReadonlyArray<Problem>): Html | undefined => {
  if (problems.length === 0) return undefined;
  const items = problems.map(({ field: name, text }) =>
    name === undefined ? html`<li>${text}</li>` : html`<li><a href="#${name}">${text}</a></li>`,
  );
  return html`<div class="alert bad" role="alert" tabindex="-1" autofocus><ul>${items}</ul></div>`;
};

/** Something that went well, or is to be known. */
export const notice = (text: Part): Html | undefined =>
  text === undefined || text === false ? undefined : html`<div class="alert" role="status">${text}</div>`;
