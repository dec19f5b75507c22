/**
 * The log as a file, to be verified where there is no database: a line for each event in the order of the log, or for its
 * hash where it is kept no more, in between the checkpoints that were signed, and at the end how many events there are. Each line is JSON in canonical form, so that
 * no event can pass for a line of another kind or for two.
 */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Signature } from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Hex from "effect/encoding/Hex";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import {
  AuditEventUnknown,
  AuditExportMalformed,
  AuditLogBroken,
  type CheckpointMalformed,
  type CheckpointOfAnotherLog,
  type NoteKeyUnknown,
  type NoteMalformed,
  type NoteSignatureInvalid,
} from "../errors.ts";
import * as AuditEvent from "./AuditEvent.ts";
import * as AuditLog from "./AuditLog.ts";
import * as CanonicalJson from "./CanonicalJson.ts";
import * as Checkpoint from "./Checkpoint.ts";
import type * as Merkle from "./Merkle.ts";
import * as Retirement from "./Retirement.ts";
import type * as SignedNote from "./SignedNote.ts";

const FORMAT = "iam-audit-log/1";

/** The first line: which log, and from which event on. */
export const header = (origin: string, from: bigint): string =>
  CanonicalJson.text({ format: FORMAT, from: String(from), origin });

const BEFORE = '{"event":';
const BETWEEN = ',"hash":"';
const AFTER = '"}';
/** From the end of the event to the end of its line. */
const TAIL = BETWEEN.length + 64 + AFTER.length;

/** The line of an event, by its canonical form. */
export const entry = (event: string, hash: Merkle.Hash): string =>
  `${BEFORE}${event}${BETWEEN}${bytesToHex(hash)}${AFTER}`;

/** The event of a line, in its canonical form; nothing where the line is another. */
export const eventIn = (line: string): string | undefined =>
  line.startsWith(BEFORE) ? line.slice(BEFORE.length, -TAIL) : undefined;

/** The line of an event that is kept no more, by its hash. */
export const retired = (chain: string | null, id: string, hash: Merkle.Hash): string =>
  CanonicalJson.text({ retired: { chain, hash: bytesToHex(hash), id } });

/** The line of a checkpoint, which stands where the log had as many events as it says. */
export const checkpoint = (note: string): string => CanonicalJson.text({ checkpoint: note });

/** The last line. */
export const end = (size: bigint): string => CanonicalJson.text({ end: String(size) });

/** What a verifier trusts, and the file cannot give. */
export interface Trust {
  readonly origin: string;
  /** Public keys of the log. */
  readonly keys: ReadonlyArray<SignedNote.VerifierKey>;
  /** Checkpoints that were kept elsewhere, as trees: by them it is found when the log was cut off or signed anew. */
  readonly kept?: ReadonlyArray<Merkle.Tree>;
  /** Where it was verified up to before: a file that begins there is enough. */
  readonly state?: AuditLog.State;
}

/** What was verified. */
export interface Verified {
  /** How many events the file has, and how many the log has with those before. */
  readonly events: bigint;
  readonly size: bigint;
  /** How many of them are kept no more. */
  readonly retired: bigint;
  readonly chains: number;
  readonly checkpoints: number;
  /** To go on from. */
  readonly state: AuditLog.State;
}

export type Fault =
  | AuditExportMalformed
  | AuditEventUnknown
  | AuditLogBroken
  | NoteMalformed
  | NoteKeyUnknown
  | NoteSignatureInvalid
  | CheckpointMalformed
  | CheckpointOfAnotherLog;

/** Reads a file line by line. */
export interface Reader {
  /** Takes a line, without its end, and gives what sealing its event makes. After a failure nothing more is to be read. */
  readonly line: (
    line: string,
  ) => Result.Result<AuditLog.Seal | undefined, AuditExportMalformed | AuditEventUnknown | AuditLogBroken>;
  /** Compares what was read with what was signed: first of all that comes before a failure. */
  readonly finish: (failure?: Fault) => Effect.Effect<Verified, Fault, Signature>;
}

const decodeRetired = Schema.decodeUnknownOption(
  Schema.Struct({
    chain: Schema.NullOr(Schema.String),
    hash: Schema.Uint8ArrayFromHex.check(Schema.makeFilter((hash) => hash.length === 32)),
    id: Schema.String,
  }),
);

/** Of a line that has no event. */
const nothing = Result.succeed(undefined);

/** What was signed, with the log's own tree at that place. */
interface Claim {
  readonly own: Merkle.Tree;
  readonly signed: Effect.Effect<
    Merkle.Tree,
    NoteMalformed | NoteKeyUnknown | NoteSignatureInvalid | CheckpointMalformed | CheckpointOfAnotherLog,
    Signature
  >;
}

/**
 * Begins to verify a file. Needs no database and no secret.
 *
 * @param sha256 the platform's own, where there is one
 */
export const reader = (trust: Trust, sha256?: Merkle.Sha256): Reader => {
  const from = trust.state ?? AuditLog.empty;
  const log = AuditLog.verifier(from, sha256);
  const claims: Array<Claim> = [];
  const retirements = Retirement.make();
  const kept = (trust.kept ?? [])
    .filter(({ size }) => size > from.tree.size)
    .sort((one, other) => Number(one.size - other.size));
  let lines = 0;
  let checkpoints = 0;
  let ended = false;
  let state: "header" | "entries" = "header";

  const malformed = (says: string) => Result.fail(new AuditExportMalformed({ line: lines, says }));

  /** Compares the log with what was kept of it, where it has as many events. */
  const sealedHere = (seal: AuditLog.Seal) => {
    while (kept[0]?.size === seal.index + 1n) {
      const signed = kept.shift();
      if (signed !== undefined) claims.push({ own: log.tree(), signed: Effect.succeed(signed) });
    }
    return Result.succeed(seal);
  };

  const parsed = (line: string): Readonly<Record<string, unknown>> | undefined => {
    try {
      const value: unknown = JSON.parse(line);
      return value instanceof Object ? { ...value } : undefined;
    } catch {
      return undefined;
    }
  };

  const idIn = (event: string): string | null => {
    const id = parsed(event)?.id;
    return typeof id === "string" ? id : null;
  };

  /** Why an event is none of a form that is known. */
  const unknown = (event: string) => {
    const said = parsed(event);
    if (said === undefined) return malformed("the event is no JSON");
    const { id, v } = said;
    return typeof id === "string" && v !== 1
      ? Result.fail(new AuditEventUnknown({ event: id, format: typeof v === "number" ? v : 0 }))
      : malformed("the event has no id, or does not say whose it is");
  };

  const readEntry = (line: string) => {
    const until = line.length - TAIL;
    if (!line.startsWith(BETWEEN, until) || !line.endsWith(AFTER)) return malformed("this is no event with its hash");
    const event = line.slice(BEFORE.length, until);
    const chain = AuditEvent.chainIn(event);
    if (chain === undefined) return unknown(event);
    const hash = Hex.decode(line.slice(until + BETWEEN.length, -AFTER.length));
    if (Result.isFailure(hash)) return malformed("the hash is none");
    const seal = log.entry({ chain, event, hash: hash.success }, () => idIn(event));
    if (Result.isFailure(seal)) return seal;
    retirements.said(seal.success.index, chain, event);
    return sealedHere(seal.success);
  };

  const readRetired = (said: unknown) => {
    const line = decodeRetired(said);
    if (Option.isNone(line)) return malformed("this is no event that was retired");
    const { chain, hash, id } = line.value;
    const seal = log.retired(chain, hash);
    retirements.absent(seal.index, id);
    return sealedHere(seal);
  };

  return {
    line: (line) => {
      lines += 1;
      if (ended) return malformed("nothing comes after the end");
      if (state === "entries" && line.startsWith(BEFORE)) return readEntry(line);
      const said = parsed(line);
      if (state === "header") {
        state = "entries";
        if (said?.format !== FORMAT) return malformed(`this is no export of the form ${FORMAT}`);
        if (said.origin !== trust.origin) return malformed(`this is the log of ${String(said.origin)}`);
        return said.from === String(from.tree.size)
          ? nothing
          : malformed(`it begins with the event ${String(said.from)}, and ${from.tree.size} is next to be verified`);
      }
      if (said?.retired !== undefined) return readRetired(said.retired);
      if (typeof said?.checkpoint === "string") {
        const note = said.checkpoint;
        claims.push({ own: log.tree(), signed: Checkpoint.open(note, trust.origin, trust.keys) });
        checkpoints += 1;
        return nothing;
      }
      if (said?.end === String(log.state().tree.size)) {
        ended = true;
        return nothing;
      }
      return malformed(said?.end === undefined ? "this is no line of an export" : "events are missing before the end");
    },
    finish: Effect.fnUntraced(function* (failure?: Fault) {
      const own = log.tree();
      const truncated = kept.map((signed): Claim => ({ own, signed: Effect.succeed(signed) }));
      let proven = from.tree.size;
      for (const claim of failure === undefined ? [...claims, ...truncated] : claims) {
        const signed = yield* claim.signed;
        yield* Effect.fromResult(AuditLog.compare(claim.own, signed, proven));
        proven = signed.size;
      }
      if (failure !== undefined) return yield* failure;
      const missing = retirements.missing();
      if (Option.isSome(missing)) return yield* missing.value;
      if (!ended) {
        return yield* new AuditExportMalformed({ line: lines + 1, says: "the file ends before the log does" });
      }
      if (proven < own.size) {
        return yield* new AuditLogBroken({ says: "unsigned", index: proven, last: own.size - 1n, event: null });
      }
      const reached = log.state();
      return {
        events: own.size - from.tree.size,
        size: own.size,
        retired: retirements.count(),
        chains: reached.heads.size,
        checkpoints,
        state: reached,
      };
    }),
  };
};

/** Verifies a file that is in memory: lines, each with its end. */
export const verify = Effect.fn("AuditExport.verify")(function* (
  file: string,
  trust: Trust,
  sha256?: Merkle.Sha256,
): Effect.fn.Return<Verified, Fault, Signature> {
  const { finish, line } = reader(trust, sha256);
  for (let at = 0; at < file.length; ) {
    const newline = file.indexOf("\n", at);
    const until = newline < 0 ? file.length : newline;
    const read = line(file.slice(at, until));
    if (Result.isFailure(read)) return yield* finish(read.failure);
    at = until + 1;
  }
  return yield* finish();
});
