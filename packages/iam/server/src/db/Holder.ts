/** Who opens a data directory: whoever finds it taken is told. */
import * as Context from "effect/Context";

/** A program that holds a data directory. */
export interface Holder {
  /** As it was called, say `iam serve`. */
  readonly command: string;
  /** Where it can be asked instead, if it serves. */
  readonly address?: string | undefined;
}

/** The program that this process is: nobody in particular, unless it says so. */
export const Holder = Context.Reference<Holder | undefined>("@beep/iam-server/db/Holder", {
  defaultValue: () => undefined,
});
