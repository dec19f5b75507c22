/** A name server on this machine, which this process asks instead of its own. */
import { createSocket } from "node:dgram";
import { getServers, setServers } from "node:dns";
import { syncBuiltinESMExports } from "node:module";
import * as DnsPacket from "dns-packet";
import * as Effect from "effect/Effect";

const ask = (servers: ReadonlyArray<string>) =>
  Effect.sync(() => {
    setServers(servers);
    // Else who imported `node:dns/promises` before goes on asking the servers of then.
    syncBuiltinESMExports();
  });

/** Starts it, and answers where TXT records may be put. The scope stops it. */
export const nameServer = Effect.gen(function* () {
  const records = new Map<string, string>();
  const socket = createSocket("udp4");
  socket.on("message", (message, { address, port }) => {
    const { id = 0, questions = [] } = DnsPacket.decode(message);
    const answers = questions.flatMap(({ name }) => {
      const data = records.get(name.toLowerCase());
      return data === undefined ? [] : [{ type: "TXT" as const, name, ttl: 0, data }];
    });
    socket.send(DnsPacket.encode({ type: "response", id, questions, answers }), port, address);
  });
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      socket.bind(0, "127.0.0.1", () => resume(Effect.void));
    }),
    () => Effect.callback<void>((resume) => void socket.close(() => resume(Effect.void))),
  );
  const before = getServers();
  yield* Effect.acquireRelease(ask([`127.0.0.1:${socket.address().port}`]), () => ask(before));
  return records;
});
