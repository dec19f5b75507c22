/** The pages, in a real browser. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as Chromium from "@beep/testing/Chromium";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { Browser } from "./support/browser.ts";
import * as Iam from "./support/iam.ts";
import { linkIn, mailTo } from "./support/mail.ts";
import { served } from "./support/served.ts";
import { password, totp, tour } from "./support/tour.ts";

const isAvailable = await Effect.runPromise(Chromium.isAvailable);
if (!isAvailable) console.log(`Chromium is not installed: the pages are not looked at (${Chromium.remedy}).`);

/** Where pictures of the pages are kept, if somewhere. */
const shots = process.env.IAM_SHOTS;

const schemes = ["light", "dark"] as const;
const widths = [375, 1280] as const;

const begun = Effect.gen(function* () {
  const { server, dataDir } = yield* served({ IAM_LOG_LEVEL: "error", IAM_DEVICE_CLIENTS: "Television" }, Iam.serve);
  const browser = yield* Chromium.make;
  return { server, dataDir, browser };
});

describe.skipIf(!isAvailable)("the pages", () => {
  it.live("UI-1: are accessible and whole, each in light and dark, on a phone and on a screen", () =>
    Effect.gen(function* () {
      const { server, dataDir, browser } = yield* begun;
      yield* Effect.promise(async () => {
        const page = await browser.newPage({ locale: "en" });
        const said: Array<string> = [];
        const wrong: Array<string> = [];
        page.on("console", (message) => said.push(`${message.type()}: ${message.text()} (${page.url()})`));
        page.on("pageerror", (error) => said.push(String(error)));
        if (shots !== undefined) await mkdir(shots, { recursive: true });
        const setup = /http\S+\/setup\?token=\S+/.exec(server.output)?.[0] ?? "";
        let count = 0;
        for await (const name of tour(page, { url: server.url, dataDir }, setup)) {
          const file = `${String(++count).padStart(2, "0")}-${name.replaceAll(/\W+/g, "-")}`;
          for (const colorScheme of schemes) {
            await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
            for (const width of widths) {
              await page.setViewportSize({ width, height: 800 });
              const where = `${name}, ${colorScheme}, ${width} wide`;
              if (shots !== undefined) {
                await page.screenshot({ path: join(shots, `${file}-${colorScheme}-${width}.png`), fullPage: true });
              }
              wrong.push(...(await Chromium.violations(page)).map((violation) => `${where}: ${violation}`));
              const overflow = await page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth",
              );
              if (Number(overflow) > 0) wrong.push(`${where}: ${String(overflow)} pixels wider than the window`);
            }
          }
        }
        assert.deepStrictEqual(wrong, []);
        // A form that was refused is answered with its status, of which the browser speaks by itself.
        assert.deepStrictEqual(
          said.filter(
            (line) => !line.startsWith("error: Failed to load resource: the server responded with a status of 4"),
          ),
          [],
        );
      });
    }).pipe(Effect.scoped),
  );

  it.live("UI-3: are all used by the keyboard alone, from the sign-up to a sign-in in two steps", () =>
    Effect.gen(function* () {
      const { server, dataDir, browser } = yield* begun;
      yield* Effect.promise(async () => {
        const page = await browser.newPage({ locale: "en" });
        const { keyboard } = page;
        /** Goes on to what is called so, and fails where the focus does not come there. */
        const to = async (name: string) => {
          for (let presses = 0; presses < 40; presses++) {
            if ((await page.evaluate(focused)) === name) return;
            await keyboard.press("Tab");
          }
          throw new Error(`The focus does not come to "${name}" on ${page.url()}`);
        };
        const type = async (name: string, text: string) => {
          await to(name);
          await keyboard.type(text);
        };
        const press = async (name: string) => {
          await to(name);
          await keyboard.press("Enter");
        };
        const email = "hedy@example.com";

        await page.goto(server.url);
        await press("Create account");
        await page.waitForURL("**/sign-up");
        await type("Name", "Hedy");
        await type("E-mail address", email);
        await type("Password", password);
        await keyboard.press("Enter");
        await page.waitForURL("**/verify-email?*");
        await page.goto(linkIn(await mailTo(dataDir, email, "Confirm your address for iam")));
        await press("Sign in");
        await page.waitForURL("**/sign-in");

        // What is wrong has the focus, and leads to its field.
        await type("E-mail address", email);
        await type("Password", "it is not this, I fear");
        await keyboard.press("Enter");
        await page.getByRole("alert").waitFor();
        assert.strictEqual(await page.evaluate("document.activeElement.getAttribute('role')"), "alert");
        await type("Password", password);
        await keyboard.press("Enter");
        await page.waitForURL("**/account");
        await press("Security");
        await page.waitForURL("**/account/security");
        await press("Set it up");
        await page.waitForURL("**/two-factor");
        await type("Password", password);
        await keyboard.press("Enter");
        await page.getByText("1. Scan the code").waitFor();
        await press("It cannot be scanned?");
        const secret = (await page.locator(".key").textContent()) ?? "";
        await type("Code", "000000");
        await keyboard.press("Enter");
        await page.getByRole("alert").waitFor();
        await press("The code is not right, or no longer valid. Enter the one that is shown now.");
        assert.strictEqual(await page.evaluate(focused), "Code");
        await keyboard.type(totp(secret));
        await keyboard.press("Enter");
        await page.getByText("Keep these safe").waitFor();
        assert.strictEqual(await page.locator(".codes li").count(), 10);
        await press("I have kept them");
        await page.waitForURL("**/account/security");
        await press("Sign out");
        await page.waitForURL("**/sign-in?*");
        await type("E-mail address", email);
        await type("Password", password);
        await keyboard.press("Enter");
        await page.waitForURL("**/two-factor");
        await type("Code", totp(secret));
        await keyboard.press("Enter");
        await page.waitForURL("**/account");
      });
    }).pipe(Effect.scoped),
  );

  it.live("UI-4: a passkey is made, signs in by a button and by the browser's own offer, is renamed, and removed", () =>
    Effect.gen(function* () {
      const { server, dataDir, browser } = yield* begun;
      yield* Effect.promise(async () => {
        const page = await browser.newPage({ locale: "en" });
        const said: Array<string> = [];
        page.on("console", (message) => said.push(message.text()));
        const press = (name: string) => page.getByRole("button", { name, exact: true }).click();
        const email = "hedy@example.com";
        const user = new Browser(server.url);
        await user.post("/api/auth/sign-up/email", { name: "Hedy", email, password });
        await page.goto(linkIn(await mailTo(dataDir, email, "Confirm your address for iam")));

        const devtools = await page.context().newCDPSession(page);
        await devtools.send("WebAuthn.enable");
        const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
          options: {
            protocol: "ctap2",
            transport: "internal",
            hasResidentKey: true,
            hasUserVerification: true,
            isUserVerified: true,
            automaticPresenceSimulation: true,
          },
        });

        await page.goto(`${server.url}/sign-in`);
        await page.getByLabel("E-mail address").fill(email);
        await page.getByLabel("Password").fill(password);
        await press("Sign in");
        await page.goto(`${server.url}/account/security`);
        await press("Add a passkey");
        await page.waitForURL("**/account/security?notice=passkey");
        const { credentials } = await devtools.send("WebAuthn.getCredentials", { authenticatorId });
        assert.strictEqual(credentials.length, 1);
        await press("Add a passkey");
        await page.getByText("This device has a passkey for this account already.").waitFor();

        // By the browser's own offer, which this authenticator takes at once.
        await press("Sign out");
        await page.waitForURL("**/account");

        // By the button, in a browser that offers nothing by itself.
        await page.addInitScript("PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)");
        await press("Sign out");
        await page.waitForURL("**/sign-in?*");
        await page.goto(`${server.url}/sign-in?next=${encodeURIComponent("/account/sessions")}`);
        await press("Sign in with a passkey");
        await page.waitForURL("**/account/sessions");
        await page.goto(`${server.url}/account/security`);

        await page.getByText("Rename", { exact: true }).click();
        await page.getByLabel("New name").fill("My laptop");
        await press("Save");
        await page.waitForURL("**/account/security?notice=passkey-renamed");
        await press("Remove My laptop");
        await page.waitForURL("**/account/security?notice=passkey-removed");
        await press("Sign out");
        await page.waitForURL("**/sign-in?*");
        await press("Sign in with a passkey");
        await page.locator("[data-passkey-problem]:not([hidden])").waitFor();
        assert.deepStrictEqual(
          said.filter((text) => !text.startsWith("Failed to load resource: the server responded with a status of 4")),
          [],
        );
      });
    }).pipe(Effect.scoped),
  );
});

/** What has the focus, as it is called. */
const focused = `(() => {
  const element = document.activeElement;
  if (!element.matches("a, button, input, summary")) return;
  return element.labels?.[0]?.textContent ?? element.getAttribute("aria-label") ?? element.textContent.trim();
})()`;
