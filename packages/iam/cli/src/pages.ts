/** The few pages: what this is, making the first administrator, setting a password, accepting an invitation. */
import { Auth, FirstAdministrator, Pages } from "@beep/iam-server";
import { IamEntityIds } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServerRequest from "effect/http/HttpServerRequest";
import type * as HttpServerResponse from "effect/http/HttpServerResponse";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import { curl } from "./curl.ts";
import { type Html, html, page } from "./html.ts";

const Setup = Schema.Struct({
  token: Schema.String,
  name: Schema.String,
  email: Schema.String,
  password: Schema.String,
});

/** What a form is filled with: not the password, which is to be typed anew. */
type Filled = Partial<Pick<typeof Setup.Type, "token" | "name" | "email">> & { readonly problem?: string };

const passwordField = html`<label for="password">Password</label>
<input id="password" name="password" type="password" required minlength="${String(Auth.MIN_PASSWORD_LENGTH)}"
  autocomplete="new-password" aria-describedby="password-note">
<small id="password-note">${String(Auth.MIN_PASSWORD_LENGTH)} characters or more; a few unlikely words do well.</small>`;

const setupForm = ({ token, name = "", email = "", problem }: Filled): Html => html`
${problem === undefined ? "" : html`<p role="alert">${problem}</p>`}
<p>There is no administrator yet. Whoever has the link that the server printed when it started becomes the first.</p>
<form method="post" action="/setup">
${
  token === undefined
    ? html`<label for="token">Token</label>
<input id="token" name="token" required autocomplete="off" spellcheck="false" aria-describedby="token-note">
<small id="token-note">What follows “token=” in that link.</small>`
    : html`<input type="hidden" name="token" value="${token}">`
}
<label for="name">Name</label>
<input id="name" name="name" required autocomplete="name" value="${name}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" required autocomplete="username" value="${email}">
${passwordField}
<button>Create the administrator</button>
</form>`;

const setupPage = (filled: Filled, status = 200) =>
  page({ title: "Make the first administrator", status, body: setupForm(filled) });

const alreadySetUp = page({
  title: "This server is set up",
  status: 409,
  body: html`<p>There is an administrator already, and the link to make one no longer works.
Other administrators are made by an administrator. <a href="/">To the start page</a></p>`,
});

const Reset = Schema.Struct({ token: Schema.String, password: Schema.String });

const passwordPage = ({ token, problem }: { readonly token: string; readonly problem?: string }, status = 200) =>
  page({
    title: "Set your password",
    status,
    body: html`
${problem === undefined ? "" : html`<p role="alert">${problem}</p>`}
<form method="post" action="/password">
<input type="hidden" name="token" value="${token}">
${passwordField}
<button>Set the password</button>
</form>`,
  });

const linkIsOld = page({
  title: "This link no longer works",
  status: 400,
  body: html`<p>A link to set a password works once, and for an hour. Ask for another one.</p>`,
});

/** A command that signs in and keeps the session in a file. */
const signIn = (baseUrl: URL, email: string): string =>
  curl(baseUrl, "/sign-in/email", { email, password: "…" }, ["--cookie-jar cookies.txt"]);

/** The start page, and those that no application has replaced. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const { api } = yield* Auth.Auth;
    const firstAdministrator = yield* FirstAdministrator.FirstAdministrator;
    const { appName, baseUrl } = yield* Auth.settings;
    const pages = yield* Pages.settings;
    const add = <E, R>(
      name: Pages.Name,
      method: "GET" | "POST",
      handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>,
    ) => (pages[name].isReplaced ? Effect.void : router.add(method, Pages.paths[name], handler));

    yield* router.add(
      "GET",
      "/",
      Effect.gen(function* () {
        const open = yield* firstAdministrator.isMissing;
        return page({
          title: appName,
          body: html`<p>This server knows people and organizations: it signs people in, keeps their sessions, and says
who belongs where.</p>
<ul>
<li><a href="/docs">The API, to read and to try</a>, and <a href="/openapi.json">its OpenAPI document</a></li>
${open ? html`<li><a href="${pages.setup.address}">Make the first administrator</a>, with the link that the server printed</li>` : ""}
</ul>`,
        });
      }),
    );

    yield* add(
      "setup",
      "GET",
      Effect.gen(function* () {
        if (!(yield* firstAdministrator.isMissing)) return alreadySetUp;
        const stated = yield* Effect.option(
          HttpServerRequest.schemaSearchParams(Schema.Struct({ token: Schema.String })),
        );
        return setupPage(Option.getOrElse(stated, () => ({})));
      }),
    );

    yield* add(
      "setup",
      "POST",
      Effect.gen(function* () {
        const { token, name, email, password } = yield* HttpServerRequest.schemaBodyUrlParams(Setup);
        const again = (problem: string, filled: Filled = {}, status = 400) =>
          Effect.succeed(setupPage({ name, email, problem, ...filled }, status));
        return yield* firstAdministrator
          .accept({ token: Redacted.make(token), name, email, password: Redacted.make(password) })
          .pipe(
            Effect.map((user) =>
              page({
                title: "The administrator is created",
                body: html`<p>${user.name}, you can sign in as ${user.email} now:</p>
<pre>${signIn(baseUrl, user.email)}</pre>
<p>The session is then in <code>cookies.txt</code>. What an administrator can do is in
<a href="/docs">the API reference</a> under “Admin”.</p>`,
              }),
            ),
            Effect.catchTags({
              FirstAdministratorExists: () => Effect.succeed(alreadySetUp),
              // Without the token, so that the form asks for another one.
              TokenInvalid: ({ message }) => again(`${message} When the server starts again, it prints a new link.`),
              AuthError: ({ message, status }) => again(message, { token }, status),
              CommitUnknown: ({ message }) =>
                again(`${message} Try to sign in, and if you cannot, try this again.`, { token }, 503),
            }),
          );
      }).pipe(
        Effect.catchTags({
          SchemaError: () => Effect.succeed(setupPage({ problem: "Fields of the form are missing." }, 400)),
          HttpServerError: Effect.die,
        }),
      ),
    );

    // Where the link of a mail leads, once Better Auth has looked at it.
    yield* add(
      "password",
      "GET",
      HttpServerRequest.schemaSearchParams(Schema.Struct({ token: Schema.String })).pipe(
        Effect.match({ onSuccess: (stated) => passwordPage(stated), onFailure: () => linkIsOld }),
      ),
    );

    yield* add(
      "password",
      "POST",
      Effect.gen(function* () {
        const { token, password } = yield* HttpServerRequest.schemaBodyUrlParams(Reset);
        return yield* api.resetPassword({ body: { token, newPassword: password } }).pipe(
          Effect.match({
            onSuccess: () =>
              page({
                title: "Your password is set",
                body: html`<p>You can sign in with it now:</p>
<pre>${signIn(baseUrl, "you@example.com")}</pre>`,
              }),
            onFailure: ({ code, message, status }) =>
              code === "INVALID_TOKEN" ? linkIsOld : passwordPage({ token, problem: message }, status),
          }),
        );
      }).pipe(
        Effect.catchTags({
          SchemaError: () => Effect.succeed(linkIsOld),
          HttpServerError: Effect.die,
        }),
      ),
    );

    yield* add(
      "invitation",
      "GET",
      Effect.gen(function* () {
        const { id } = yield* HttpRouter.params;
        if (!IamEntityIds.InvitationId.is(id)) {
          return page({
            title: "No such invitation",
            status: 404,
            body: html`<p>The address is not that of an invitation. Was it copied as a whole?</p>`,
          });
        }
        const accept = curl(baseUrl, "/organization/accept-invitation", { invitationId: id }, [
          "--cookie cookies.txt",
          `--header 'origin: ${baseUrl.origin}'`,
        ]);
        return page({
          title: "You are invited",
          body: html`<p>To accept, sign in with the address that was invited. If you have no account yet,
<a href="/docs">sign up</a> with it and confirm it first.</p>
<pre>${signIn(baseUrl, "you@example.com")}</pre>
<p>Then accept the invitation:</p>
<pre>${accept}</pre>`,
        });
      }),
    );
  }),
);
