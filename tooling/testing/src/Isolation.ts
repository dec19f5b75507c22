/** Whether a database keeps tenants apart: attacks on every table that its catalogue has. */
export { type Administrator, administrator, administratorOfEmbedded } from "./isolation/Administrator.ts";
export { assertIsolated, NotIsolated } from "./isolation/assertIsolated.ts";
export { classify } from "./isolation/classify.ts";
export { examine, type Line, type Report, type Way } from "./isolation/examine.ts";
export type { Finding } from "./isolation/Finding.ts";
export type { Judgement, Kind } from "./isolation/judge.ts";
export { countingQuery, type Mutant } from "./isolation/mutants.ts";
export { type Mutated, type Mutation, mutate } from "./isolation/mutate.ts";
export type { OwnPolicies, OwnPolicy } from "./isolation/OwnPolicies.ts";
export type { Options } from "./isolation/prepare.ts";
export { report } from "./isolation/report.ts";
