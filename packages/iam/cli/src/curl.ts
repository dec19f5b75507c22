/** Commands that are shown to be copied. */
import { Auth } from "@beep/iam-server";

/** A command that posts JSON to one of Better Auth's operations. */
export const curl = (
  baseUrl: URL,
  operation: string,
  body: Readonly<Record<string, string>>,
  options: ReadonlyArray<string> = [],
): string =>
  [
    `curl ${new URL(`${Auth.BASE_PATH}${operation}`, baseUrl).href}`,
    ...options,
    "--header 'content-type: application/json'",
    // In a shell a quote ends the text, wherever it comes from.
    `--data '${JSON.stringify(body).replaceAll("'", "'\\''")}'`,
  ].join(" \\\n  ");
