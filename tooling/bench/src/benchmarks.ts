/** Every benchmark that `pnpm bench` knows. */
import type { Benchmark } from "./Benchmark.ts";
import { connection } from "./benchmarks/connection.ts";
import { session } from "./benchmarks/session.ts";

export const benchmarks: ReadonlyArray<Benchmark> = [connection, session];
