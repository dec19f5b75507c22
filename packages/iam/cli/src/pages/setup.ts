/** Making the first administrator. */
import { FirstAdministrator } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import * as fields from "./fields.ts";
import { withQuery } from "./kit/address.ts";
import { call, requested, seeOther } from "./kit/browser.ts";
import { single } from "./kit/document.ts";
import { empty, type Field, type Filled, field, filled, hidden, missing, type Problem, summary } from "./kit/form.ts";
import { html } from "./kit/html.ts";
import { routes } from "./kit/route.ts";
import { Site } from "./kit/Site.ts";
import * as Typed from "./kit/typed.ts";
import { problemOf } from "./kit/words.ts";

const tokenField: Field = {
  name: "token",
  label: "Token",
  autocomplete: "off",
  hint: "What follows “token=” in that link.",
  code: true,
};

const page = Effect.fnUntraced(function* (
  token: string,
  form: Filled,
  problems: ReadonlyArray<Problem> = [],
  status = 200,
) {
  const { pages } = yield* Site;
  return yield* single({
    title: "Make the first administrator",
    lead: "There is no administrator yet. Whoever has the link that the server printed when it started becomes the first.",
    status,
    body: html`
${summary(problems)}
<form method="post" action="${pages.setup.address}">
${token === "" ? field(tokenField, problems) : hidden("token", token)}
${field({ ...fields.name, value: form.text("name"), first: true }, problems)}
${field({ ...fields.email, value: form.text("email") }, problems)}
${field(fields.newPassword, problems)}
<button class="primary">Create the administrator</button>
</form>`,
  });
});

const alreadySetUp = single({
  title: "This server is set up",
  lead: "There is an administrator already, and the link to make one no longer works. Other administrators are made by an administrator.",
  status: 409,
  body: html`<p><a class="button primary" href="/">To the start page</a></p>`,
});

const get = Effect.gen(function* () {
  const { isMissing } = yield* FirstAdministrator.FirstAdministrator;
  if (!(yield* isMissing)) return yield* alreadySetUp;
  const { searchParams } = yield* requested;
  return yield* page(searchParams.get("token") ?? "", empty);
});

const post = Effect.gen(function* () {
  const { pages } = yield* Site;
  const { accept } = yield* FirstAdministrator.FirstAdministrator;
  const form = yield* filled;
  const token = form.text("token");
  const lacking = missing(form, [tokenField, fields.name, fields.email, fields.newPassword]);
  if (lacking.length > 0) return yield* page(token, form, lacking, 400);
  const [email, password] = [form.text("email").trim(), form.text("password")];
  return yield* accept({
    token: Redacted.make(token),
    name: form.text("name").trim(),
    email,
    password: Redacted.make(password),
  }).pipe(
    Effect.andThen(call("/sign-in/email", { email, password })),
    Effect.flatMap(({ ok, cookies }) =>
      ok
        ? Effect.succeed(seeOther(withQuery(pages.account.address, { notice: "administrator" }), cookies))
        : // Too often perhaps: the administrator is there all the same.
          Typed.keep(seeOther(withQuery(pages.signIn.address, { notice: "administrator" })), email),
    ),
    Effect.catchTags({
      FirstAdministratorExists: () => alreadySetUp,
      // Without the token, so that the form asks for another one.
      TokenInvalid: ({ message }) =>
        page(
          "",
          form,
          [{ field: "token", text: `${message} When the server starts again, it prints a new link.` }],
          400,
        ),
      AuthError: ({ code, message, status }) =>
        page(
          token,
          form,
          [problemOf({ code, message, status, retryAfter: undefined }, { email: "email", newPassword: "password" })],
          status,
        ),
      CommitUnknown: ({ message }) =>
        page(token, form, [{ text: `${message} Try to sign in, and if you cannot, try this again.` }], 503),
    }),
  );
});

/** The page to make the first administrator. */
export const layer = routes("setup", { get, post });
