import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Effect from "effect/Effect";

/** SHA-1 in upper case, as the protocol has it. */
export const digestOf = (password: string): string => createHash("sha1").update(password).digest("hex").toUpperCase();

/**
 * A service of compromised passwords on this machine, which answers as Have I Been Pwned's does.
 *
 * @param counts how often each password was seen; what was seen 0 times is padding
 * @param meanwhile what is done before an answer
 */
export const rangeService = Effect.fnUntraced(function* (
  counts: Readonly<Record<string, number>>,
  meanwhile: () => Promise<void> = async () => {},
) {
  const asked: Array<{ path: string | undefined; padding: string | string[] | undefined }> = [];
  let mode: "well" | "badly" | "never" = "well";
  const seen = Object.entries(counts).map(([password, count]) => [digestOf(password), count] as const);
  const server = createServer((request, response) => {
    asked.push({ path: request.url, padding: request.headers["add-padding"] });
    if (mode === "never") return;
    const prefix = request.url?.split("/").at(-1) ?? "";
    const lines = seen.filter(([digest]) => digest.startsWith(prefix)).map(([digest, n]) => `${digest.slice(5)}:${n}`);
    void meanwhile().then(() =>
      mode === "badly" ? response.writeHead(503).end() : response.end([...lines, `${"0".repeat(35)}:0`].join("\r\n")),
    );
  });
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void));
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void));
        server.closeAllConnections();
      }),
  );
  // The address of a socket that listens on a port is no string.
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    answers: (how: typeof mode) => {
      mode = how;
    },
    url: new URL(`http://127.0.0.1:${port}/range/`),
  };
});
