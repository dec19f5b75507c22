/** A tour of the pages: somebody who comes to every one of them, in all that it may say. */
import { createHmac } from "node:crypto";
import type { Page } from "@beep/testing/Chromium";
import { codeTo, linkIn, mailTo } from "./mail.ts";

export const password = "a password of some length";

/** Where a tour takes place. */
export interface Place {
  readonly url: string;
  readonly dataDir: string;
}

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code that an authenticator app shows (RFC 6238), computed by none of the server's own code. */
export const totp = (secret: string, at = Date.now()): string => {
  const bits = [...secret.replaceAll(/[\s=]/g, "")]
    .map((digit) => digits.indexOf(digit).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const offset = (hash.at(-1) ?? 0) & 15;
  return String((hash.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

const secretOn = async (page: Page): Promise<string> => {
  await page.getByText("It cannot be scanned?").click();
  return (await page.locator(".key").textContent()) ?? "";
};

/** Goes from page to page, and stops at each: its name is what is given. */
export async function* tour(page: Page, { url, dataDir }: Place, setup: string): AsyncGenerator<string> {
  const go = (path: string) => page.goto(new URL(path, url).href);
  const fill = async (fields: Readonly<Record<string, string>>) => {
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value);
  };

  await go("/");
  yield "start";
  await go("/setup");
  yield "setup without a token";
  await go(setup);
  yield "setup";
  await fill({ Name: "Ada", "E-mail address": "ada@example.com" });
  // What a browser would refuse already, the server refuses, too.
  await page.evaluate("document.querySelector('#password').removeAttribute('minlength')");
  await fill({ Password: "too short" });
  await press(page, "Create the administrator");
  yield "setup refused";
  await fill({ Password: password });
  await press(page, "Create the administrator");
  yield "account after setup";
  await go("/setup");
  yield "setup done";
  await go("/account");
  await press(page, "Sign out");
  yield "signed out";

  await go("/sign-up");
  yield "sign-up";
  await fill({ Name: "Grace", "E-mail address": "grace@example", Password: password });
  await press(page, "Create account");
  yield "sign-up refused";
  await fill({ "E-mail address": "grace@example.com", Password: password });
  await press(page, "Create account");
  yield "verification sent";
  await page.getByText("No message?").click();
  yield "verification to be sent again";
  await go("/verify-email?error=TOKEN_EXPIRED");
  yield "verification failed";
  await go(linkIn(await mailTo(dataDir, "grace@example.com", "Confirm your address for iam")));
  yield "verified";

  await go("/sign-in");
  await fill({ "E-mail address": "grace@example.com", Password: "a wrong password, this one" });
  await press(page, "Sign in");
  yield "sign-in refused";
  await page.getByRole("link", { name: "Forgot password?" }).click();
  yield "forgotten password";
  await press(page, "Send the link");
  yield "password link sent";
  await go(linkIn(await mailTo(dataDir, "grace@example.com", "Reset your password for iam")));
  yield "set a password";
  await go("/password?error=INVALID_TOKEN");
  yield "password link too old";
  await go("/sign-in");
  yield "sign-in";
  await fill({ "E-mail address": "grace@example.com", Password: password });
  await press(page, "Sign in");
  yield "profile";
  await fill({ Name: "Grace Brewster Murray Hopper" });
  await press(page, "Save");
  yield "profile saved";
  await go("/");
  yield "start, signed in";

  await go("/account/security");
  yield "security";
  await fill({ "Current password": "it is not this one", "New password": "another password of some length" });
  await press(page, "Change the password");
  yield "password refused";
  await go("/account/security/two-factor");
  yield "two-step sign-in";
  await fill({ Password: password });
  await press(page, "Continue");
  const secret = await secretOn(page);
  yield "two-step set-up";
  await fill({ Code: "000000" });
  await press(page, "Switch it on");
  yield "two-step set-up refused";
  await fill({ Code: totp(secret) });
  await press(page, "Switch it on");
  const codes = await page.locator(".codes code").allInnerTexts();
  yield "backup codes";
  await press(page, "Sign out");
  await fill({ "E-mail address": "grace@example.com", Password: password });
  await press(page, "Sign in");
  yield "two-step";
  await fill({ Code: "000000" });
  await press(page, "Continue");
  yield "two-step refused";
  await page.getByRole("link", { name: "Use a backup code" }).click();
  yield "backup code";
  await fill({ "Backup code": codes[0] ?? "" });
  await press(page, "Continue");
  await go("/account/security/two-factor");
  yield "two-step sign-in on";
  await go("/account/security");
  yield "security with two steps";

  const fetched = await page.context().request.post(new URL("/api/auth/sign-in/email", url).href, {
    data: { email: "ada@example.com", password },
    headers: { origin: new URL(url).origin, cookie: "" },
  });
  if (!fetched.ok()) throw new Error(await fetched.text());
  await page.context().clearCookies();
  await go("/sign-in");
  await fill({ "E-mail address": "ada@example.com", Password: password });
  await press(page, "Sign in");
  await go("/account/sessions");
  yield "sessions";
  const context = page.context();
  const posted = async (path: string, data: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> => {
    const answer = await context.request.post(new URL(path, url).href, {
      data,
      headers: { origin: new URL(url).origin },
    });
    if (!answer.ok()) throw new Error(await answer.text());
    return await answer.json();
  };
  const client = await posted("/api/auth/oauth2/create-client", {
    client_name: "Acme Calendar",
    redirect_uris: ["https://calendar.example/callback"],
    token_endpoint_auth_method: "none",
    tos_uri: "https://calendar.example/terms",
    policy_uri: "https://calendar.example/privacy",
  });
  await go("/account/organizations");
  yield "organizations, none";
  await fill({ Name: "Acme Rockets & Söhne" });
  await press(page, "Create");
  yield "organizations, one";
  await fill({ Name: "Babbage Engines" });
  await press(page, "Create");
  yield "organizations";

  await posted("/api/auth/organization/invite-member", { email: "joan@example.com", role: "member" });
  const invitation = linkIn(await mailTo(dataDir, "joan@example.com", "Ada invites you to Babbage Engines"));
  await go(invitation);
  yield "invitation of somebody else";
  await press(page, "Sign in as somebody else");
  await go(invitation);
  yield "invitation, not signed in";
  await page.getByRole("link", { name: "Create account" }).click();
  await fill({ Name: "Joan", "E-mail address": "joan@example.com", Password: password });
  await press(page, "Create account");
  await go(linkIn(await mailTo(dataDir, "joan@example.com", "Confirm your address for iam")));
  await page.getByRole("link", { name: "Sign in" }).click();
  await fill({ "E-mail address": "joan@example.com", Password: password });
  await press(page, "Sign in");
  yield "invitation";
  await press(page, "Accept");
  yield "invitation accepted";

  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  await go("/account/security");
  await fill({ "Name of the new passkey": "My laptop" });
  await press(page, "Add a passkey");
  await page.getByText("The passkey is added.").waitFor();
  await page.getByText("Rename", { exact: true }).click();
  yield "security with a passkey";
  // Else it would answer by itself wherever a passkey may be used.
  await session.send("WebAuthn.disable");

  const asked = await posted("/api/auth/device/code", { client_id: "Television" });
  await go("/device");
  yield "device";
  await fill({ Code: "AAAAAAAA" });
  await press(page, "Continue");
  yield "device, wrong code";
  await fill({ Code: String(asked.user_code) });
  await press(page, "Continue");
  yield "device to be approved";
  await press(page, "Yes, sign it in");
  yield "device approved";

  // Signed out, so that the request leads to the sign-in first.
  await page.context().clearCookies();
  const request = new URLSearchParams({
    client_id: String(client.client_id),
    redirect_uri: "https://calendar.example/callback",
    response_type: "code",
    scope: "openid profile email offline_access",
    state: "xyz",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
  await go(`/api/auth/oauth2/authorize?${request}`);
  await fill({ "E-mail address": "joan@example.com" });
  await press(page, "E-mail me a link");
  yield "link sent";
  await go("/sign-in?error=INVALID_TOKEN");
  yield "link too old";
  await go(`/api/auth/oauth2/authorize?${request}`);
  await press(page, "E-mail me a code");
  yield "e-mail code";
  await press(page, "Sign in");
  await fill({ Code: "000000" });
  await press(page, "Sign in");
  yield "e-mail code refused";
  await fill({ Code: await codeTo(dataDir, "joan@example.com") });
  await press(page, "Sign in");
  await page.getByText("Allow Acme Calendar?").waitFor();
  yield "consent";
  await page.route("https://calendar.example/**", (route) => route.fulfill({ body: "The calendar." }));
  await press(page, "Deny");
  await page.getByText("The calendar.").waitFor();
  if (!page.url().includes("error=access_denied")) throw new Error(`Denied, and sent to ${page.url()}`);
  await go(`/api/auth/oauth2/authorize?${request}`);
  await press(page, "Allow");
  await page.getByText("The calendar.").waitFor();
  if (!/[?&]code=/.test(page.url())) throw new Error(`Allowed, and sent to ${page.url()}`);
  await go("/consent?client_id=x");
  yield "consent that was not asked for";

  await go("/invitations/x");
  yield "no such invitation";
  await go("/error?error=state_not_found");
  yield "error";
}
