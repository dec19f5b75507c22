/** A real browser, and what it finds wrong with a page. */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import axe from "axe-core";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type * as Scope from "effect/Scope";
import { type Browser, chromium, type Page } from "playwright-core";

export type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";

/** Where Debian has it. */
const program = "/usr/bin/chromium";

/** Whether this machine has it. */
export const isAvailable: Effect.Effect<boolean> = Effect.match(
  Effect.tryPromise(() => fs.access(program, constants.X_OK)),
  { onFailure: () => false, onSuccess: () => true },
);

/** What to do where it is missing. */
export const remedy = "apt-get install chromium";

/** Chromium cannot be had on this machine; `reason` says why. */
export class ChromiumUnavailable extends Schema.TaggedError<ChromiumUnavailable>()("ChromiumUnavailable", {
  reason: Schema.String,
  cause: Schema.optional(Schema.Defect()),
}) {
  override get message() {
    return this.reason;
  }
}

/** Starts one that ends with the scope. */
export const make: Effect.Effect<Browser, ChromiumUnavailable, Scope.Scope> = Effect.acquireRelease(
  Effect.tryPromise({
    // A container's root has no sandbox; what is opened here is our own.
    try: () => chromium.launch({ executablePath: program, args: ["--no-sandbox"] }),
    catch: (cause) => new ChromiumUnavailable({ reason: `Chromium does not start: ${String(cause)}`, cause }),
  }),
  (browser) => Effect.promise(() => browser.close()),
);

/** The rules of axe that are asked: WCAG 2.2, levels A and AA, and what its authors advise. */
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What is inaccessible on a page: each rule that is broken, with the elements that break it. */
export const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  const found = await page.evaluate(
    // Run as a text in the page, whose policy lets no script in; the debugger may.
    `${axe.source}; axe.run({ runOnly: { type: "tag", values: ${JSON.stringify(tags)} } })`,
  );
  const { violations: broken } = found as axe.AxeResults;
  return broken.map(
    ({ id, help, nodes }) =>
      `${id} (${help}): ${nodes.map(({ html, any }) => `${html} ${any[0]?.message ?? ""}`).join("; ")}`,
  );
};
