/** Reads both sides of a session: which statements were executed, and how often the client waited for the server. */

import * as Bound from "./bound.ts";
import { messages } from "./messages.ts";

const START_OF_SESSION = 3 << 16;

/** Told of what happens in a session once it is open. */
export interface Observer {
  readonly executed: (statement: string, params: ReadonlyArray<Bound.Parameter>) => void;
  /** All that the client had asked for until then is answered. */
  readonly answered: () => void;
}

interface Prepared {
  readonly text: string;
  /** The types that the client states for the parameters. */
  readonly types: ReadonlyArray<number>;
}

/** What the bytes of each side are to be given to. */
export const read = ({ answered, executed }: Observer) => {
  /** The texts of prepared statements, and of what is bound to portals, by their names. */
  const prepared = new Map<string, Prepared>();
  const bound = new Map<string, Parameters<Observer["executed"]>>();
  /** Whether the client has begun; before that the server answers in no message, but in one letter. */
  let started = false;
  let opened = false;
  /** How many answers are to come: a `Sync` demands one, and so does a simple query. */
  let awaited = 0;

  const client = messages(
    () => started,
    (type, body) => {
      if (!started) {
        started = body.readInt32BE(0) === START_OF_SESSION;
        return;
      }
      const [first = "", second = ""] = body.toString("utf8").split("\0", 2);
      if (type === "Q") executed(first, []);
      const behind = () => body.subarray(Buffer.byteLength(first) + Buffer.byteLength(second) + 2);
      if (type === "P") prepared.set(first, { text: second, types: Bound.typesOf(behind()) });
      if (type === "B") {
        const { text, types } = prepared.get(second) ?? { text: "", types: [] };
        bound.set(first, [text, Bound.parametersOf(behind(), types)]);
      }
      if (type === "E") executed(...(bound.get(first) ?? ["", []]));
      if (type === "Q" || type === "S") awaited++;
    },
  );

  const answer = messages(
    () => true,
    (type) => {
      // `ReadyForQuery` ends an answer.
      if (type !== "Z") return;
      // The first is that to opening the session, for which no statement asked.
      if (opened) awaited--;
      if (opened && awaited === 0) answered();
      opened = true;
    },
  );

  return { client, server: (bytes: Buffer) => (started ? answer(bytes) : undefined) };
};
