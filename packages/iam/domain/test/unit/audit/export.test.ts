/** Verifying an export, with nothing but what an auditor has. */
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { assert, describe, it } from "@effect/vitest";
import { SecureRandom } from "effect/crypto";
import * as Signature from "effect/crypto/Signature";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Result from "effect/Result";
import type * as Schema from "effect/Schema";
import { AuditEvent, AuditExport, AuditLog, Checkpoint, Ocsf, SignedNote } from "../../../src/index.ts";

const crypto = Signature.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto));

const origin = "log.example.com";

const organizations = Array.from({ length: 3 }, () => SharedEntityIds.OrganizationId.create());

const row = (number: number): AuditEvent.Row => {
  const organization = organizations[number % 4];
  return {
    format: 1,
    id: IamEntityIds.AuditEventId.toUuid(IamEntityIds.AuditEventId.create()),
    recordedAt: new Date(1_800_000_000_000 + number),
    organizationId: organization === undefined ? null : SharedEntityIds.OrganizationId.toUuid(organization),
    action: "team.created",
    targetType: "team",
    targetId: SharedEntityIds.TeamId.toUuid(SharedEntityIds.TeamId.create()),
    outcome: "success",
    context: { actor: "user_1", intent: "Teams.create" },
    login: "iam_app",
    before: null,
    after: { name: `team ${number} \u2028 "\n{"event":` },
    personal: number % 5 === 0 ? new Uint8Array(32).fill(number) : null,
  };
};

const SIZE = 40;

/**
 * An export of so many events, with a checkpoint after the twentieth and one at the end.
 *
 * @param last the last one, where it is another
 */
const madeWith = Effect.fnUntraced(function* (last: Partial<AuditEvent.Row>) {
  const key = yield* SignedNote.generateSignerKey(origin);
  const log = AuditLog.grow(AuditLog.empty);
  const lines = [AuditExport.header(origin, 0n)];
  for (let number = 0; number < SIZE; number++) {
    const one = { ...row(number), ...(number === SIZE - 1 ? last : {}) };
    const event = Result.getOrThrow(AuditEvent.canonical(one));
    const { hash } = log.append(AuditEvent.chainOf(one), event);
    lines.push(AuditExport.entry(event, hash));
    if (number === 19) lines.push(AuditExport.checkpoint(yield* Checkpoint.sign(log.tree(), key)));
  }
  lines.push(AuditExport.checkpoint(yield* Checkpoint.sign(log.tree(), key)), AuditExport.end(BigInt(SIZE)));
  return { key, lines, tree: log.tree(), trust: { origin, keys: [key.verifier] } };
});

const made = madeWith({});

/** Has the events with these indexes kept no longer. */
const retiring =
  (...indexes: ReadonlyArray<number>): Tampering =>
  (lines) =>
    lines.map((line, at) => {
      const event = AuditExport.eventIn(line);
      if (event === undefined || !indexes.includes(at - 1)) return line;
      const { id, organization } = JSON.parse(event);
      return AuditExport.retired(organization, id, new Uint8Array(Buffer.from(JSON.parse(line).hash, "hex")));
    });

const file = (lines: ReadonlyArray<string>) => `${lines.join("\n")}\n`;

type Tampering = (lines: ReadonlyArray<string>) => ReadonlyArray<string>;

const without =
  (at: number): Tampering =>
  (lines) =>
    lines.toSpliced(at, 1);
const edited =
  (at: number, from: string | RegExp, to: string): Tampering =>
  (lines) =>
    lines.with(at, (lines[at] ?? "").replace(from, to));

/** The header is line 0, so that the event with an index is on the line after it. */
const tamperings: ReadonlyArray<readonly [title: string, tamper: Tampering, code: string, where: string]> = [
  ["an event is edited", edited(8, "iam_app", "nobody"), "AUDIT_LOG_BROKEN", "at 7"],
  ["its hash is edited", edited(8, /"hash":".{4}/, '"hash":"0000'), "AUDIT_LOG_BROKEN", "at 7"],
  // The next one of its chain is the first that does not fit.
  ["an event is removed", without(8), "AUDIT_LOG_BROKEN", "at 10"],
  [
    "an event is moved",
    (lines) => lines.toSpliced(8, 2, lines[9] ?? "", lines[8] ?? ""),
    "AUDIT_LOG_BROKEN",
    "from 0 to 19",
  ],
  ["an event is there twice", (lines) => lines.toSpliced(8, 0, lines[8] ?? ""), "AUDIT_LOG_BROKEN", "at 8"],
  ["no checkpoint covers the end", without(SIZE + 2), "AUDIT_LOG_BROKEN", "from 20 to 39"],
  ["the end is missing", without(SIZE + 3), "AUDIT_EXPORT_MALFORMED", `Line ${SIZE + 4}`],
  ["the last events are missing", (lines) => lines.toSpliced(SIZE, 2), "AUDIT_LOG_BROKEN", "truncated"],
  ["a line is cut off", (lines) => lines.with(5, (lines[5] ?? "").slice(0, 40)), "AUDIT_EXPORT_MALFORMED", "Line 6"],
  ["a line is no JSON", (lines) => lines.with(5, "x"), "AUDIT_EXPORT_MALFORMED", "Line 6"],
  ["it is the export of another log", edited(0, origin, "other.example.com"), "AUDIT_EXPORT_MALFORMED", "Line 1"],
  ["an event has a form that is not known", edited(8, '"v":1', '"v":2'), "AUDIT_EVENT_UNKNOWN", "form 2"],
  [
    "something comes after the end",
    (lines) => [...lines, lines[1] ?? ""],
    "AUDIT_EXPORT_MALFORMED",
    `Line ${SIZE + 5}`,
  ],
];

describe("an export", () => {
  it.effect("AUD-5: verifies by the public key alone", () =>
    Effect.gen(function* () {
      const { lines, tree, trust } = yield* made;
      const verified = yield* AuditExport.verify(file(lines), { ...trust, kept: [tree] });
      assert.deepInclude(verified, { events: 40n, size: 40n, chains: 4, checkpoints: 2 });
    }).pipe(Effect.provide(crypto)),
  );

  for (const [title, tamper, code, where] of tamperings) {
    it.effect(`AUD-5: tells where it is broken when ${title}`, () =>
      Effect.gen(function* () {
        const { lines, trust } = yield* made;
        const fault = yield* Effect.flip(AuditExport.verify(file(tamper(lines)), trust));
        assert.strictEqual(fault.code, code);
        if (where === "truncated") assert.isTrue(fault._tag === "AuditLogBroken" && fault.says === "truncated");
        else assert.include(fault.message, where);
      }).pipe(Effect.provide(crypto)),
    );
  }

  it.effect("AUD-5: of a log that was made anew, only what was kept elsewhere tells", () =>
    Effect.gen(function* () {
      const first = yield* made;
      const anew = yield* made;
      const trust = { ...anew.trust, keys: [anew.key.verifier] };
      yield* AuditExport.verify(file(anew.lines), trust);
      const fault = yield* Effect.flip(AuditExport.verify(file(anew.lines), { ...trust, kept: [first.tree] }));
      assert.isTrue(fault._tag === "AuditLogBroken" && fault.says === "rewritten");
      const unknown = yield* Effect.flip(AuditExport.verify(file(anew.lines), first.trust));
      assert.strictEqual(unknown._tag, "NoteKeyUnknown");
    }).pipe(Effect.provide(crypto)),
  );

  const saying = (after: Schema.Json, organizationId: string | null = null) =>
    madeWith({ action: "log.retired", organizationId, targetType: null, targetId: null, after, personal: null });

  it.effect("AUD-9: verifies without the events of which one says that they were retired", () =>
    Effect.gen(function* () {
      const { lines, tree, trust } = yield* saying({
        indexes: [
          [0, 3],
          [5, 5],
        ],
        month: "2026-01",
      });
      const verified = yield* AuditExport.verify(file(retiring(0, 1, 2, 3, 5)(lines)), { ...trust, kept: [tree] });
      assert.deepInclude(verified, { events: 40n, retired: 5n, checkpoints: 2 });
      const fault = yield* Effect.flip(AuditExport.verify(file(retiring(2, 3, 4, 5)(lines)), trust));
      assert.isTrue(fault._tag === "AuditLogBroken" && fault.says === "missing" && fault.index === 4n);
    }).pipe(Effect.provide(crypto)),
  );

  it.effect("AUD-9: no organization's event retires another, and none what comes after it", () =>
    Effect.gen(function* () {
      const organization = SharedEntityIds.OrganizationId.toUuid(SharedEntityIds.OrganizationId.create());
      const { lines, trust } = yield* saying({ indexes: [[0, 38]], month: "2026-01" }, organization);
      const fault = yield* Effect.flip(AuditExport.verify(file(retiring(7)(lines)), trust));
      assert.isTrue(fault._tag === "AuditLogBroken" && fault.says === "missing" && fault.index === 7n);
      const all = yield* saying({ indexes: [[0, 39]], month: "2026-01" });
      const itself = yield* Effect.flip(AuditExport.verify(file(retiring(39)(all.lines)), all.trust));
      assert.isTrue(itself._tag === "AuditLogBroken" && itself.says === "missing");
      const forged = yield* Effect.flip(AuditExport.verify(file(retiring(7)(all.lines)), all.trust));
      assert.isTrue(forged._tag === "AuditLogBroken" && forged.says === "missing");
    }).pipe(Effect.provide(crypto)),
  );

  it.effect("AUD-9: the hash of an event that was retired is as good as the event", () =>
    Effect.gen(function* () {
      const { lines, trust } = yield* saying({ indexes: [[0, 3]], month: "2026-01" });
      const tampered = retiring(2)(lines).map((line) => line.replace(/"hash":".{4}(?=.*"id")/, '"hash":"0000'));
      const fault = yield* Effect.flip(AuditExport.verify(file(tampered), trust));
      assert.strictEqual(fault._tag, "AuditLogBroken");
    }).pipe(Effect.provide(crypto)),
  );

  it.effect("AUD-9: as OCSF it is one event a line, whatever a value holds", () =>
    Effect.gen(function* () {
      const { lines } = yield* made;
      for (const line of lines) {
        const event = AuditExport.eventIn(line);
        if (event === undefined) continue;
        const written = Ocsf.line(JSON.parse(event), event);
        assert.notInclude(written, "\n");
        const { class_uid, raw_data, type_uid } = JSON.parse(written);
        assert.deepStrictEqual([class_uid, type_uid, raw_data], [3004, 300_401, event]);
      }
    }).pipe(Effect.provide(crypto)),
  );
});
