/** Sends requests as they are, also those that a well-behaved client refuses to make. */
import * as http from "node:http";
import type { Request } from "./requests.ts";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A client of the server at a port of this machine. An answer that does not come in time is an error. */
export const makeClient = (port: number) => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
  const attempt = (
    { method, path, headers, body, isCut = false }: Request,
    isAgain = false,
  ): Promise<Answer | undefined> =>
    new Promise((resolve, reject) => {
      // After a body of another length than its headers say, nothing more can be understood on the connection.
      const isMisstated = isCut || headers["content-length"] !== undefined;
      const length = body === undefined ? 0 : Buffer.byteLength(body);
      const outgoing = http.request({
        host: "127.0.0.1",
        port,
        method,
        path,
        agent: isMisstated || isAgain ? false : agent,
        timeout: 60_000,
        headers: {
          ...(body === undefined || headers["transfer-encoding"] !== undefined
            ? {}
            : { "content-length": isCut ? length + 10 : length }),
          ...headers,
        },
      });
      outgoing.on("response", (response) => {
        const parts: Array<Buffer> = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers["content-type"] ?? "",
            body: Buffer.concat(parts).toString(),
          }),
        );
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error("There is no answer.")));
      outgoing.on("error", (error) => (isMisstated ? resolve(undefined) : reject(error)));
      if (!isCut) return void outgoing.end(body);
      outgoing.write(body ?? "", () => outgoing.destroy());
    });
  // A connection that is kept may be closed by the other side just when it is used again.
  const send = (request: Request) => attempt(request).catch(() => attempt(request, true));
  return { send, close: () => agent.destroy() };
};
