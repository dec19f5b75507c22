/**
 * Events that are not kept any more. Their hashes are, so that what comes after them and the tree above can be verified as
 * before; and an event says which ones they are, so that what it does not name is missing. Whoever seals such an event looks
 * first whether it is so: the events are there then still.
 */
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { AuditLogBroken } from "../errors.ts";

/** What the event is called. It stands in the installation's chain. */
export const ACTION = "log.retired";

/** How the canonical text of one begins, as its properties are sorted. */
const BEGIN = `{"action":"${ACTION}",`;

/** What it says: which month is over for long enough, and where its events stand in the log, as ranges. */
export const Said = Schema.Struct({
  month: Schema.String.check(Schema.isPattern(/^[0-9]{4}-(0[1-9]|1[0-2])$/)),
  indexes: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int])),
});

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({ after: Said })));

/** An event that is not there. */
interface Absent {
  readonly index: bigint;
  readonly id: string;
}

/** Which events are not there, and which of them may be. */
export interface Retirements {
  /** Notes that an event is not there. */
  readonly absent: (index: bigint, id: string) => void;
  /** Looks whether an event says that others were retired; it can say so of earlier ones only. */
  readonly said: (index: bigint, chain: string | null, event: string) => void;
  /** How many are not there. */
  readonly count: () => bigint;
  /** The first that is not there, and of which no event says that it was retired. */
  readonly missing: () => Option.Option<AuditLogBroken>;
}

/** Begins to note them. */
export const make = (): Retirements => {
  // Both in the order of the log, and as ranges: there may be as many as the log is long.
  const absent: Array<{ readonly first: Absent; last: bigint }> = [];
  const retired: Array<readonly [first: bigint, last: bigint]> = [];
  return {
    absent: (index, id) => {
      const run = absent.at(-1);
      if (run !== undefined && run.last === index - 1n) run.last = index;
      else absent.push({ first: { index, id }, last: index });
    },
    said: (index, chain, event) => {
      if (chain !== null || !event.startsWith(BEGIN)) return;
      for (const [first, last] of Option.match(decode(event), {
        onNone: () => [],
        onSome: ({ after }) => after.indexes,
      })) {
        if (first <= last && last < index) retired.push([BigInt(first), BigInt(last)]);
      }
    },
    count: () => absent.reduce((sum, { first, last }) => sum + last - first.index + 1n, 0n),
    missing: () => {
      const covering = retired.toSorted(([one], [other]) => Number(one - other));
      for (const { first, last } of absent) {
        let next = first.index;
        for (const [begin, end] of covering) if (begin <= next && end >= next) next = end + 1n;
        if (next <= last) {
          const event = next === first.index ? first.id : null;
          return Option.some(new AuditLogBroken({ says: "missing", index: next, last: next, event }));
        }
      }
      return Option.none();
    },
  };
};
