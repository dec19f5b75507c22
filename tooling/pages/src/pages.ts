/** The pages in `docs/` that say what the code says. */
import { configuration } from "./configuration.ts";
import { errors } from "./errors.ts";

const text = (lines: ReadonlyArray<string>): string => `${lines.join("\n")}\n`;

/** Their texts by their paths from the root. */
export const pages: Readonly<Record<string, string>> = {
  "docs/configuration.md": text(configuration),
  "docs/errors.md": text(errors),
};
