/** Signing up with a server, as a person does. */
import { assert } from "@effect/vitest";
import { Browser } from "./browser.ts";
import { linkIn, mailTo } from "./mail.ts";

export const password = "a password of some length";

/** Signs somebody up, and confirms the address by the mailed link. */
export const signUp = async (url: string, dataDir: string, name: string): Promise<Browser> => {
  const browser = new Browser(url);
  const email = `${name}@example.com`;
  const signedUp = await browser.post("/api/auth/sign-up/email", { name, email, password });
  assert.strictEqual(signedUp.status, 200, signedUp.text);
  const early = await browser.post("/api/auth/sign-in/email", { email, password });
  assert.strictEqual(early.status, 403, early.text);
  const confirmed = await browser.get(linkIn(await mailTo(dataDir, email, "Confirm your address for iam")));
  assert.oneOf(confirmed.status, [200, 302], confirmed.text);
  const signedIn = await browser.post("/api/auth/sign-in/email", { email, password });
  assert.strictEqual(signedIn.status, 200, signedIn.text);
  return browser;
};
