/** On what was measured: figures without it say nothing. */
import { availableParallelism, cpus, loadavg } from "node:os";

export interface Machine {
  readonly node: string;
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  /** The load of the minute before. Above 0 and a bit, somebody else was at work too. */
  readonly load: number;
}

/** This machine, now. */
export const thisMachine = (): Machine => ({
  node: process.versions.node,
  platform: `${process.platform} ${process.arch}`,
  processor: cpus()[0]?.model.trim() ?? "unknown processor",
  cores: availableParallelism(),
  load: loadavg()[0] ?? Number.NaN,
});
