/** Every benchmark that `pnpm bench` knows. */
import type { Benchmark, Comparison } from "./Benchmark.ts";
import { audit } from "./benchmarks/audit.ts";
import { authz } from "./benchmarks/authz.ts";
import { connection } from "./benchmarks/connection.ts";
import { enumeration } from "./benchmarks/enumeration.ts";
import { session } from "./benchmarks/session.ts";
import { tenancy } from "./benchmarks/tenancy.ts";
import { tenantsAlike } from "./benchmarks/tenantsAlike.ts";

export const benchmarks: ReadonlyArray<Benchmark> = [audit, authz, connection, session, tenancy];

/** Every comparison that it knows. */
export const comparisons: ReadonlyArray<Comparison> = [enumeration, tenantsAlike];
