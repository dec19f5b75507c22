/** What is printed once the server runs. */
import { Auth, FirstAdministrator, Iam, Pages } from "@beep/iam-server";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import { curl } from "./curl.ts";

/** Somebody who may sign up as it stands: any password is long enough that has 15 characters. */
const ANN = { name: "Ann", email: "ann@example.com", password: "tulip-harbour-cello-ninety" };

/** Prints the addresses, the one-time link while there is no administrator, and a command to begin with. */
export const welcome = Effect.gen(function* () {
  const { baseUrl, plugins } = yield* Auth.settings;
  const { signIn } = yield* Pages.settings;
  const administrator = yield* FirstAdministrator.FirstAdministrator;
  const link = yield* administrator.offer;
  const lines = [
    ["Address", baseUrl.origin],
    ["Sign in", signIn.href],
    ["API reference", `${baseUrl.origin}/docs`],
    ["Mail", yield* Iam.mailDestination],
    ...(plugins.includes("phone-number") ? [["Text messages", yield* Iam.textMessagesDestination]] : []),
    ...Option.match(link, {
      onNone: () => [],
      onSome: (url) => [["First administrator", `${Redacted.value(url)} (works once, for a day)`]],
    }),
  ];
  yield* Console.log(
    [
      "",
      ...lines.map(([name = "", value]) => `  ${name.padEnd(21)}${value}`),
      "",
      "Open the address in a browser, or sign somebody up from here:",
      "",
      curl(baseUrl, "/sign-up/email", ANN),
      "",
      "Then open the mail and follow its link: only a confirmed address can sign in.",
      "",
      "Ctrl-C stops.",
    ].join("\n"),
  );
});
