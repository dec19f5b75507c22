/** Files that browsers load, under names that change with what is in them. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import * as Effect from "effect/Effect";

/** A file that browsers load. */
export interface Asset {
  readonly path: `/${string}`;
  readonly type: string;
  readonly text: string;
}

const types = { css: "text/css; charset=utf-8", js: "text/javascript; charset=utf-8", svg: "image/svg+xml" } as const;

/**
 * A file of the folder `client`, as browsers load it.
 *
 * @param edit what is done to its text
 */
export const asset = (
  name: string,
  extension: keyof typeof types,
  edit: (text: string) => string = (text) => text,
): Effect.Effect<Asset> =>
  Effect.map(
    // The folder is beside both `src` and `dist`.
    Effect.promise(() => readFile(new URL(`../../../client/${name}.${extension}`, import.meta.url), "utf8")),
    (file) => {
      const text = edit(file);
      const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
      return { path: `/assets/${name}.${hash}.${extension}`, type: types[extension], text };
    },
  );
