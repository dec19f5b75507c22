import { IamTest } from "@beep/testing";
import { layer } from "@effect/vitest";
import { withLog } from "./log.ts";
import { allAreFound } from "./tampering.ts";

layer(withLog(IamTest.postgres()))("on PostgreSQL", (it) => {
  it.effect("AUD-5: what the owner of the database does to the log is found, and named", () => allAreFound(8));
});
