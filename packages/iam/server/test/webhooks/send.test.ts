/** What a request to an address that somebody else chose may meet, on real sockets of this machine. */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import type { LookupAddress } from "node:dns";
import { lookup, Resolver } from "node:dns/promises";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, describe, it, vi } from "@effect/vitest";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Result from "effect/Result";
import * as address from "../../src/webhooks/address.ts";
import { Patience, post } from "../../src/webhooks/send.ts";

const allowed = { webhookHttp: true, webhookNetworks: ["127.0.0.1/32"] };
const script = fileURLToPath(new URL("../fixtures/webhooks/post.ts", import.meta.url));

const none = { webhookHttp: true, webhookNetworks: [] };

/** A server on an address of this machine; says how many requests and connections it had. */
const serving = Effect.fnUntraced(function* (answer: RequestListener, host = "127.0.0.1", port = 0) {
  const seen = { requests: 0, connections: 0 };
  const server = createServer((request, response) => {
    seen.requests++;
    request.resume();
    answer(request, response);
  });
  server.on("connection", () => seen.connections++);
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(port, host, () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        server.closeAllConnections();
        server.close();
      }),
  );
  const bound = server.address();
  return Object.assign(seen, { port: typeof bound === "object" ? (bound?.port ?? 0) : 0 });
});

const taken: RequestListener = (_, response) => response.writeHead(204).end();

/** What comes of a request, where names resolve as the test says. */
const asked = (url: string, by: address.Allowed, ...found: ReadonlyArray<ReadonlyArray<LookupAddress>>) => {
  let calls = 0;
  const resolve = () => {
    return Effect.succeed(found[Math.min(calls++, found.length - 1)] ?? []);
  };
  return post({ url: new URL(url), headers: {}, body: "{}" }, by).pipe(
    Effect.provideService(address.Resolve, resolve),
    Effect.provideService(Patience, Duration.millis(500)),
    Effect.result,
    Effect.map((result): { readonly code: string; readonly status: number | null; readonly calls: number } =>
      Result.isSuccess(result)
        ? { code: result.success.isCutOff ? "ANSWER_CUT_OFF" : "DELIVERED", status: result.success.status, calls }
        : { code: result.failure.code, status: result.failure.status, calls },
    ),
  );
};

const v4 = (text: string): LookupAddress => ({ address: text, family: 4 });
const v6 = (text: string): LookupAddress => ({ address: text, family: 6 });

describe("addresses", () => {
  it("AUD-8: nothing is sent to what is not public, in whichever form it is written", () => {
    const refused = `0.0.0.0 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255
      192.0.0.1 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
      255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:10.0.0.1 ::ffff:7f00:1 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::a00:1
      100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fec0::1 ff02::1 4000::1
      localhost 1 010.0.0.1 example.com`.split(/\s+/);
    for (const text of refused) assert.isFalse(address.isReachable(text, none), text);
    for (const text of ["1.1.1.1", "93.184.215.14", "172.32.0.1", "::ffff:1.1.1.1", "2606:4700:4700::1111"]) {
      assert.isTrue(address.isReachable(text, none), text);
    }
    const own = { webhookHttp: false, webhookNetworks: ["10.1.0.0/16", "fd00:1::/32"] };
    for (const text of ["10.1.2.3", "::ffff:10.1.2.3", "fd00:1::5"])
      assert.isTrue(address.isReachable(text, own), text);
    for (const text of ["10.2.0.1", "fd00:2::5", "127.0.0.1"]) assert.isFalse(address.isReachable(text, own), text);
  });

  it.effect("AUD-8: what shows in the address already is refused with what is wrong", () =>
    Effect.gen(function* () {
      const over = { webhookHttp: false, webhookNetworks: [] };
      for (const url of [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://user@hooks.example.com/",
        "https://:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:25/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "hooks.example.com",
        `https://hooks.example.com/${"a".repeat(2_048)}`,
      ]) {
        assert.strictEqual((yield* Effect.flip(address.demand(url, over))).code, "WEBHOOK_URL_REFUSED", url);
      }
      for (const [url, href] of [
        ["https://hooks.example.com", "https://hooks.example.com/"],
        ["https://hooks.example.com:8443/a?b", "https://hooks.example.com:8443/a?b"],
        ["HTTPS://HOOKS.EXAMPLE.COM:443/", "https://hooks.example.com/"],
        ["https://1.1.1.1/", "https://1.1.1.1/"],
      ] as const) {
        assert.strictEqual(yield* address.demand(url, over), href);
      }
      assert.strictEqual(yield* address.demand("http://hooks.example.com", none), "http://hooks.example.com/");
    }),
  );
});

describe("a request", () => {
  it.live("AUD-8: goes to the address that was looked at, wherever the name leads a moment later", () =>
    Effect.gen(function* () {
      const checked = yield* serving(taken);
      // As it would be for who asks the name a second time: another address, the same port.
      const inside = yield* serving(taken, "127.0.0.2", checked.port);
      const url = `http://rebinding.example:${checked.port}/`;
      const first = yield* asked(url, allowed, [v4("127.0.0.1")], [v4("127.0.0.2")]);
      assert.deepStrictEqual(first, { code: "DELIVERED", status: 204, calls: 1 });
      assert.deepStrictEqual([checked.requests, inside.connections], [1, 0]);
      const other = yield* asked(url, allowed, [v4("127.0.0.2")], [v4("127.0.0.1")]);
      assert.deepStrictEqual(other, { code: "ADDRESS_REFUSED", status: null, calls: 1 });
      // One address of several is enough.
      const mixed = yield* asked(url, allowed, [v4("127.0.0.1"), v4("127.0.0.2")]);
      assert.deepStrictEqual(mixed, { code: "ADDRESS_REFUSED", status: null, calls: 1 });
      assert.deepStrictEqual([checked.connections, inside.connections], [1, 0]);
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: is not sent to a private address, whether it is written or resolved", () =>
    Effect.gen(function* () {
      const seen = yield* serving(taken);
      const { port } = seen;
      const refused = { code: "ADDRESS_REFUSED", status: null };
      assert.deepInclude(yield* asked(`http://127.0.0.1:${port}/`, none), refused);
      assert.deepInclude(yield* asked(`http://[::1]:${port}/`, none), refused);
      assert.deepInclude(yield* asked(`http://localhost:${port}/`, none, [v4("127.0.0.1")]), refused);
      assert.deepInclude(yield* asked(`http://a.example:${port}/`, none, [v6("::ffff:127.0.0.1")]), refused);
      assert.deepInclude(yield* asked(`http://a.example:${port}/`, none, [v4("1.1.1.1"), v6("fe80::1")]), refused);
      assert.strictEqual(seen.connections, 0);
      assert.deepInclude(yield* asked("http://nowhere.example/", none), { code: "HOST_UNKNOWN" });
      assert.deepInclude(yield* asked("http://nowhere.example/", none, []), { code: "HOST_UNKNOWN" });
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: keeps nobody else from finding an address while a name server does not answer", () =>
    Effect.gen(function* () {
      const queries: Array<string> = [];
      const cancel = vi.spyOn(Resolver.prototype, "cancel");
      yield* Effect.addFinalizer(() => Effect.sync(() => cancel.mockRestore()));
      const silent = createSocket("udp4").on("message", (query) => queries.push(query.toString("latin1")));
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void silent.bind(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => silent.close()),
      );
      const ask = (name: string) =>
        post({ url: new URL(`http://${name}.slow.example/`), headers: {}, body: "{}" }, none).pipe(
          Effect.provideService(address.NameServers, [`127.0.0.1:${silent.address().port}`]),
          Effect.provideService(Patience, Duration.millis(500)),
          Effect.flip,
          Effect.map(({ code }) => code),
        );
      // More than the process has threads for what cannot be broken off.
      const names = Array.from({ length: 16 }, (_, at) => `host-${at}`);
      const slow = yield* Effect.forkChild(Effect.forEach(names, ask, { concurrency: "unbounded" }));
      yield* Effect.promise(() => lookup("localhost"));
      assert.isUndefined(slow.pollUnsafe());
      assert.deepStrictEqual(new Set(yield* Fiber.join(slow)), new Set(["TIMED_OUT"]));
      for (const name of names)
        assert.isTrue(
          queries.some((query) => query.includes(name)),
          name,
        );
      // Nothing is waited for any more.
      assert.lengthOf(cancel.mock.calls, names.length);
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: knows this machine by its name, without asking for it", () =>
    Effect.gen(function* () {
      const seen = yield* serving(taken);
      const own = { webhookHttp: true, webhookNetworks: ["127.0.0.0/8", "::1/128"] };
      const ask = (host: string, by: address.Allowed) =>
        post({ url: new URL(`http://${host}:${seen.port}/`), headers: {}, body: "{}" }, by).pipe(
          // There nobody listens.
          Effect.provideService(address.NameServers, ["127.0.0.1:9"]),
          Effect.result,
        );
      for (const host of ["localhost", "hooks.localhost"]) {
        assert.isTrue(Result.isSuccess(yield* ask(host, own)), host);
        const refused = yield* ask(host, none);
        assert.strictEqual(Result.isFailure(refused) && refused.failure.code, "ADDRESS_REFUSED", host);
      }
      assert.strictEqual(seen.requests, 2);
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: follows no redirection", () =>
    Effect.gen(function* () {
      const target = yield* serving(taken);
      for (const status of [301, 302, 303, 307, 308]) {
        const { port } = yield* serving((_, response) =>
          response.writeHead(status, { location: `http://127.0.0.1:${target.port}/` }).end(),
        );
        assert.deepInclude(yield* asked(`http://127.0.0.1:${port}/`, allowed), { code: "REDIRECTED", status });
      }
      assert.strictEqual(target.connections, 0);
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: ends where the other side hangs: before it answers, in its headers, in its body", () =>
    Effect.gen(function* () {
      const silent = yield* serving(() => {});
      assert.deepInclude(yield* asked(`http://127.0.0.1:${silent.port}/`, allowed), {
        code: "TIMED_OUT",
        status: null,
      });
      const slow = createTcpServer((socket) => {
        socket.on("error", () => {});
        const dripping = setInterval(() => socket.write("x"), 20);
        socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
        socket.on("close", () => clearInterval(dripping));
      });
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => void slow.listen(0, "127.0.0.1", () => resume(Effect.void))),
        () => Effect.sync(() => slow.close()),
      );
      const bound = slow.address();
      const port = typeof bound === "object" ? bound?.port : 0;
      assert.deepInclude(yield* asked(`http://127.0.0.1:${port}/`, allowed), { code: "TIMED_OUT", status: null });
      const endless = yield* serving((_, response) => response.writeHead(200).write("taken"));
      assert.deepInclude(yield* asked(`http://127.0.0.1:${endless.port}/`, allowed), {
        code: "ANSWER_CUT_OFF",
        status: 200,
      });
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: reads no more than a little of what is answered, in body and headers", () =>
    Effect.gen(function* () {
      const large = yield* serving((_, response) => response.writeHead(200).end(Buffer.alloc(2 * 1_024 * 1_024)));
      assert.deepInclude(yield* asked(`http://127.0.0.1:${large.port}/`, allowed), {
        code: "ANSWER_CUT_OFF",
        status: 200,
      });
      assert.strictEqual(large.requests, 1);
      const failing = yield* serving((_, response) => response.writeHead(500).end(Buffer.alloc(2 * 1_024 * 1_024)));
      assert.deepInclude(yield* asked(`http://127.0.0.1:${failing.port}/`, allowed), {
        code: "ANSWER_NO_SUCCESS",
        status: 500,
      });
      const header = yield* serving((_, response) => response.writeHead(200, { "x-long": "x".repeat(65_536) }).end());
      assert.deepInclude(yield* asked(`http://127.0.0.1:${header.port}/`, allowed), { code: "HOST_UNREACHABLE" });
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: says so where nothing listens, or what answers breaks off or is not who it is to be", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(serving(taken));
      const unreachable = { code: "HOST_UNREACHABLE", status: null };
      assert.deepInclude(yield* asked(`http://127.0.0.1:${gone.port}/`, allowed), unreachable);
      const breaking = yield* serving((_, response) => response.destroy());
      assert.deepInclude(yield* asked(`http://127.0.0.1:${breaking.port}/`, allowed), unreachable);
      const plain = yield* serving(taken);
      assert.deepInclude(yield* asked(`https://127.0.0.1:${plain.port}/`, allowed), unreachable);
      assert.strictEqual(plain.requests, 0);
    }).pipe(Effect.scoped),
  );

  it.live("AUD-8: takes no proxy of the environment", () =>
    Effect.gen(function* () {
      const proxy = yield* serving(taken);
      const { port } = yield* serving((_, response) => response.writeHead(202).end());
      const { stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, ["--conditions=@beep/source", script, `http://127.0.0.1:${port}/`], {
          env: { NODE_USE_ENV_PROXY: "1", HTTP_PROXY: `http://127.0.0.1:${proxy.port}` },
        }),
      );
      // What the process asks by itself does go there.
      assert.strictEqual(stdout, "204 202\n");
      assert.strictEqual(proxy.requests, 1);
    }).pipe(Effect.scoped),
  );
});
