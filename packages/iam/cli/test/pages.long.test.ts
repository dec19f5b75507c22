/** The pages, in a real browser. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import * as Chromium from "@beep/testing/Chromium";
import { assert, describe, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { served } from "./support/served.ts";
import * as Iam from "./support/iam.ts";
import { tour } from "./support/tour.ts";

const isAvailable = await Effect.runPromise(Chromium.isAvailable);
if (!isAvailable) console.log(`Chromium is not installed: the pages are not looked at (${Chromium.remedy}).`);

/** Where pictures of the pages are kept, if somewhere. */
const shots = process.env["IAM_SHOTS"];

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
              const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
              if (Number(overflow) > 0) wrong.push(`${where}: ${String(overflow)} pixels wider than the window`);
            }
          }
        }
        assert.deepStrictEqual(wrong, []);
        // A form that was refused is answered with its status, of which the browser speaks by itself.
        assert.deepStrictEqual(
          said.filter((line) => !line.startsWith("error: Failed to load resource: the server responded with a status of 4")),
          [],
        );
      });
    }).pipe(Effect.scoped),
  );
});
