/** As many keys as a large installation has. */
import { IamTest } from "@beep/testing";
import { layer } from "@effect/vitest";
import { rewrapped } from "./rewrapping.ts";

layer(IamTest.postgres(), { excludeTestServices: true })("on PostgreSQL", (it) => {
  it.effect("CRY-2: 100,000 keys are wrapped anew under load without an error", () => rewrapped(100_000), 600_000);
});
