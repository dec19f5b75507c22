/** `iam audit` */
import { createReadStream } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { AuditExport, type AuditLog, Checkpoint, Ocsf, SignedNote } from "@beep/iam-domain";
import { AuditSealer, AuditSigner, AuditLog as Log, Operator } from "@beep/iam-server";
import { IamEntityIds, type SharedEntityIds } from "@beep/shared-domain";
import * as Console from "effect/Console";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Base64 from "effect/encoding/Base64";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Predicate from "effect/Predicate";
import * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import type { Operation } from "../explain.ts";
import { operating } from "../operating.ts";
import * as Output from "../output.ts";
import { Refused } from "../Refused.ts";

const crypto = Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto));

const unreadable = (file: string, cause: unknown) =>
  new Refused({
    code: "FILE_UNREADABLE",
    message: `${file} cannot be used: ${Predicate.isError(cause) ? cause.message : String(cause)}`,
    remedy: "Correct its name, or let this user read and write it.",
  });

const read = (file: string) =>
  Effect.tryPromise({ try: () => readFile(file, "utf8"), catch: (cause) => unreadable(file, cause) });

/** What was verified before, as the file has it. */
const State = Schema.fromJsonString(
  Schema.Struct({
    origin: Schema.String,
    size: Schema.BigIntFromString,
    hashes: Schema.Array(Schema.Uint8ArrayFromBase64),
    heads: Schema.Record(Schema.String, Schema.Uint8ArrayFromBase64),
  }),
);

const stateIn = Effect.fnUntraced(function* (file: string, log: string) {
  const text = yield* Effect.tryPromise({
    try: () =>
      readFile(file, "utf8").catch((error: unknown) => {
        // The first time there is none.
        if (Predicate.hasProperty(error, "code") && error.code === "ENOENT") return undefined;
        throw error;
      }),
    catch: (cause) => unreadable(file, cause),
  });
  if (text === undefined) return undefined;
  const { hashes, heads, origin, size } = yield* Effect.mapError(Schema.decodeEffect(State)(text), (cause) =>
    unreadable(file, cause),
  );
  if (origin !== log) {
    return yield* new Refused({
      code: "FILE_UNREADABLE",
      message: `${file} says how far the log ${origin} was verified, and this is ${log}.`,
      remedy: "State a file of its own for each log by --state.",
    });
  }
  return { tree: { size, hashes }, heads: new Map(Object.entries(heads)) };
});

const writeState = Effect.fnUntraced(function* (file: string, origin: string, { heads, tree }: AuditLog.State) {
  const text = yield* Effect.orDie(
    Schema.encodeEffect(State)({ origin, size: tree.size, hashes: tree.hashes, heads: Object.fromEntries(heads) }),
  );
  yield* Effect.tryPromise({
    try: async () => {
      await writeFile(`${file}.draft`, `${text}\n`);
      await rename(`${file}.draft`, file);
    },
    catch: (cause) => unreadable(file, cause),
  });
});

/** The public key of the one by which this process signs, where it does. */
const own = Effect.map(
  Effect.provide(AuditSigner.read, crypto),
  Option.map(({ verifier }) => verifier),
);

/** The keys that are stated, or else this process's own. */
const verifiers = (stated: ReadonlyArray<string>) =>
  stated.length > 0 ? Effect.forEach(stated, SignedNote.parseVerifierKey) : Effect.map(own, Option.toArray);

interface Verifying {
  readonly file: Option.Option<string>;
  readonly keys: ReadonlyArray<string>;
  readonly kept: ReadonlyArray<string>;
  readonly state: Option.Option<string>;
  readonly json: boolean;
}

/** Lines that end with a newline: to Node's `readline` one ends also with what a value may hold, U+2028 for instance. */
async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of input.setEncoding("utf8")) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

const inFile = (file: string, trust: AuditExport.Trust) =>
  Effect.gen(function* () {
    const { finish, line } = AuditExport.reader(trust, AuditSealer.sha256);
    const failure = yield* Effect.tryPromise({
      try: async () => {
        const input = file === "-" ? process.stdin : createReadStream(file);
        // An error of the stream is none of the lines'.
        const failed = new Promise<never>((_, reject) => input.once("error", reject));
        const reading = async () => {
          for await (const text of linesOf(input)) {
            const result = line(text);
            if (Result.isFailure(result)) return result.failure;
          }
          return undefined;
        };
        return await Promise.race([reading(), failed]);
      },
      catch: (cause) => unreadable(file, cause),
    });
    return yield* finish(failure);
  });

const number = new Intl.NumberFormat("en");

const summary = ({ chains, checkpoints, events, retired, size }: AuditExport.Verified, kept: number, origin: string) =>
  Output.fields([
    ["Log", origin],
    ["Events", `${number.format(events)} verified, ${number.format(size)} in all, in ${number.format(chains)} chains`],
    ...(retired === 0n
      ? []
      : [["Retired", `${number.format(retired)} of them, of which the log has the hashes`] as const]),
    ["Hashes", "each covers its event and the one before it in its chain"],
    ["Signed", `${number.format(checkpoints)} checkpoints fit, and the last covers all events`],
    ["Kept", kept === 0 ? "none of yours: the end of the log is as the file says" : `${kept} of yours fit`],
    ["Result", "nothing was changed, removed, moved or added"],
  ]);

const keyMissing = new Refused({
  code: "LOG_KEY_MISSING",
  message: "No public key of the log was stated.",
  remedy: "State it by --key, as `iam audit key` printed it.",
});

/** What the auditor brings along. */
const trusted = Effect.fnUntraced(function* (input: Verifying) {
  const keys = yield* verifiers(input.keys);
  const [first] = keys;
  if (first === undefined) return yield* keyMissing;
  const origin = first.name;
  const kept = yield* Effect.forEach(input.kept, (file) =>
    Effect.flatMap(read(file), (note) => Checkpoint.open(`${note.trimEnd()}\n`, origin, keys)),
  );
  const state = Option.isSome(input.state) ? yield* stateIn(input.state.value, origin) : undefined;
  return { origin, keys, kept, ...(state === undefined ? {} : { state }) };
});

/** Verifies a file, or the database. */
export const verify = (input: Verifying): Operation => {
  const verifying = <E, R>(by: (trust: AuditExport.Trust) => Effect.Effect<AuditExport.Verified, E, R>) =>
    Effect.gen(function* () {
      const trust = yield* trusted(input);
      const verified = yield* by(trust);
      const { chains, checkpoints, events, retired, size, state } = verified;
      if (Option.isSome(input.state)) yield* writeState(input.state.value, trust.origin, state);
      yield* Output.result(
        input.json,
        {
          origin: trust.origin,
          events: String(events),
          size: String(size),
          retired: String(retired),
          chains,
          checkpoints,
        },
        () => summary(verified, trust.kept.length, trust.origin),
      );
    }).pipe(Effect.provide(crypto));
  return Option.match(input.file, {
    onSome: (file) => verifying((trust) => inFile(file, trust)),
    onNone: () =>
      operating(
        Effect.flatMap(Log.Log, ({ verify: verifyLog }) =>
          verifying((trust) => Effect.catchTag(verifyLog(trust), "SqlError", Effect.die)),
        ),
      ),
  });
};

const empty = new Refused({
  code: "LOG_EMPTY",
  message: "Nothing is signed yet.",
  remedy: "Run a server with IAM_AUDIT_SIGNING_KEY; `iam audit key` makes one.",
});

/** Prints the latest checkpoint. */
export const checkpoint: Operation = operating(
  Effect.gen(function* () {
    const log = yield* Log.Log;
    const note = yield* Effect.catchTag(log.checkpoint, "SqlError", Effect.die);
    if (Option.isNone(note)) return yield* empty;
    // It ends with a newline of its own.
    yield* Console.log(note.value.trimEnd());
  }),
);

const Told = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.String,
    at: Schema.String,
    organization: Schema.NullOr(Schema.String),
    action: Schema.String,
    target: Schema.NullOr(Schema.String),
    outcome: Schema.String,
    context: Schema.Json,
    login: Schema.String,
    before: Schema.Json,
    after: Schema.Json,
  }),
);

/** A line of the log as one of OCSF; nothing where it is no event's. */
const asOcsf = (line: string): Effect.Effect<Option.Option<string>> => {
  const event = AuditExport.eventIn(line);
  return event === undefined
    ? Effect.succeedNone
    : Effect.map(Effect.orDie(Schema.decodeEffect(Told)(event)), (told) => Option.some(Ocsf.line(told, event)));
};

/** Prints the log. */
export const exporting = (input: { readonly from: bigint; readonly format: "log" | "ocsf" }): Operation =>
  operating(
    Effect.gen(function* () {
      const log = yield* Log.Log;
      const key = yield* own;
      const lines = log.lines(Option.isSome(key) ? key.value.name : yield* originOf(log), input.from);
      yield* Stream.runForEach(lines, (line) =>
        input.format === "log"
          ? Console.log(line)
          : Effect.flatMap(asOcsf(line), Option.match({ onNone: () => Effect.void, onSome: Console.log })),
      ).pipe(Effect.catchTag("SqlError", Effect.die));
    }),
  );

/** What the log is called, as its latest checkpoint says. */
const originOf = Effect.fnUntraced(function* (log: Log.Log["Service"]) {
  const note = yield* Effect.catchTag(log.checkpoint, "SqlError", Effect.die);
  if (Option.isNone(note)) return yield* empty;
  const { text } = yield* SignedNote.parse(note.value);
  return (yield* Checkpoint.parse(text)).origin;
});

/** Proves that an event is in the log. */
export const prove = (input: { readonly event: string }): Operation =>
  operating(
    Effect.gen(function* () {
      const log = yield* Log.Log;
      const { event: id } = input;
      const proof = IamEntityIds.AuditEventId.is(id)
        ? yield* Effect.catchTag(log.prove(id), "SqlError", Effect.die)
        : Option.none();
      if (Option.isNone(proof)) {
        return yield* new Refused({
          code: "EVENT_NOT_FOUND",
          message: `There is no event ${id} in the log.`,
          remedy: "See `iam audit tail`.",
        });
      }
      const { checkpoint: note, event, hash: leaf, index, proof: hashes } = proof.value;
      yield* Output.result(
        true,
        { index: String(index), event, hash: Base64.encode(leaf), proof: hashes.map(Base64.encode), checkpoint: note },
        () => "",
      );
    }),
  );

const who = ({ context, login }: Log.Entry): string => {
  const actor = Predicate.hasProperty(context, "actor") ? context.actor : undefined;
  if (context === null) return `${login}, around the services`;
  return typeof actor === "string" ? actor : "nobody known";
};

const why = ({ context }: Log.Entry): string =>
  Predicate.hasProperty(context, "intent") && typeof context.intent === "string" ? context.intent : "";

/** So many events are shown at once. */
const AT_ONCE = 1_000;

/** How long to wait for what comes. */
const PAUSE = "500 millis";

/** Shows the latest events. */
export const tail = (input: {
  readonly org: Option.Option<string>;
  readonly limit: number;
  readonly follow: boolean;
  readonly json: boolean;
}): Operation =>
  operating(
    Effect.gen(function* () {
      const log = yield* Log.Log;
      const operator = yield* Operator.Operator;
      const organization: SharedEntityIds.OrganizationId | undefined = Option.isSome(input.org)
        ? (yield* operator.organization(input.org.value)).id
        : undefined;
      const show = (entries: ReadonlyArray<Log.Entry>) =>
        Output.result(
          input.json,
          entries.map((entry) => ({ ...entry, index: String(entry.index) })),
          (width) =>
            Output.table(
              ["INDEX", "AT", "WHO", "WHAT", "TARGET", "BY"],
              entries.map((entry) => [
                String(entry.index),
                Output.moment(entry.at),
                who(entry),
                entry.action,
                entry.target ?? "",
                why(entry),
              ]),
              width,
            ),
        );
      // What is sealed meanwhile comes with what follows.
      let next = yield* log.size;
      const latest = yield* log.latest({ limit: input.limit, organization });
      yield* show(latest.filter(({ index }) => index < next));
      while (input.follow) {
        yield* Effect.sleep(PAUSE);
        const size = yield* log.size;
        const more = yield* log.entries({ from: next, limit: AT_ONCE, organization });
        if (more.length > 0) yield* show(more);
        const last = more.at(-1)?.index ?? next - 1n;
        next = more.length < AT_ONCE && last < size ? size : last + 1n;
      }
    }).pipe(Effect.catchTag("SqlError", Effect.die)),
  );

/** Prints a new key, or the public one of that which signs. */
export const key = (input: { readonly name: Option.Option<string> }): Operation =>
  Option.match(input.name, {
    onSome: (name) =>
      Effect.gen(function* () {
        const made = yield* SignedNote.generateSignerKey(name);
        yield* Console.log(Redacted.value(yield* SignedNote.formatSignerKey(made)));
        yield* Output.say("Set IAM_AUDIT_SIGNING_KEY to it, where the log is sealed. For whoever verifies:");
        yield* Output.say(yield* SignedNote.formatVerifierKey(made.verifier));
      }).pipe(Effect.provide(crypto)),
    onNone: () =>
      operating(
        Effect.flatMap(own, (verifier) =>
          Option.isNone(verifier)
            ? Effect.fail(keyMissing)
            : Effect.flatMap(SignedNote.formatVerifierKey(verifier.value), Console.log),
        ),
      ),
  });
