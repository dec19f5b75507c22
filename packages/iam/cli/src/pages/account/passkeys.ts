/** The passkeys by which somebody signs in. To make one takes the script; to rename or remove one does not. */
import type { Auth } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import * as Schema from "effect/Schema";
import { read } from "../kit/browser.ts";
import { type Field, field } from "../kit/form.ts";
import { type Html, html } from "../kit/html.ts";
import type { Site } from "../kit/Site.ts";
import { deviceOf } from "./device.ts";
import { time } from "./frame.ts";

const Passkeys = Schema.Array(
  Schema.Struct({
    id: Schema.String,
    name: Schema.optional(Schema.NullOr(Schema.String)),
    createdAt: Schema.DateFromString,
  }),
);

const passkeysOf = Effect.gen(function* () {
  const { json } = yield* read("/passkey/list-user-passkeys");
  return yield* Effect.orDie(Schema.decodeUnknownEffect(Passkeys)(json));
});

const nameField: Field = { name: "passkey-name", label: "Name of the new passkey", autocomplete: "off", maxlength: 64 };

/** The passkeys, and how one is made. */
export const section = Effect.fnUntraced(function* (
  at: string,
): Effect.fn.Return<Html, never, Site | Auth.Auth | HttpServerRequest.HttpServerRequest> {
  const passkeys = yield* passkeysOf;
  const { headers } = yield* HttpServerRequest.HttpServerRequest;
  const items = passkeys.map(({ id, name, createdAt }) => {
    const called = name || "Passkey";
    return html`<li><div><strong>${called}</strong><p class="hint">Since ${time(createdAt)} UTC</p>
<details><summary aria-label="Rename ${called}">Rename</summary><form method="post" action="${at}/passkeys">
<div class="field"><label for="${id}">New name</label><input id="${id}" name="name" value="${called}" required maxlength="64" autocomplete="off"></div>
<button name="rename" value="${id}">Save</button></form></details></div>
<form method="post" action="${at}/passkeys"><button name="remove" value="${id}" aria-label="Remove ${called}">Remove</button></form></li>`;
  });
  return html`<section class="card"><h2>Passkeys</h2>
<p>Sign in with your fingerprint, your face or your device's PIN, without a password.</p>
${items.length > 0 && html`<ul class="rows">${items}</ul>`}
<form data-passkey="register" data-next="${at}?notice=passkey">
${field({ ...nameField, value: deviceOf(headers["user-agent"]) })}
<p class="wrong" role="alert" data-passkey-problem hidden></p>
<button>Add a passkey</button>
</form>
<p class="hint scriptless">To add one, this page needs JavaScript.</p></section>`;
});
