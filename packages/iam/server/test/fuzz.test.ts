/** No input makes the server fail: a small part of what `fuzz.long.test.ts` does. */
import { layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { database } from "./auth/browser.ts";
import { fuzz } from "./fuzz/fuzz.ts";

layer(database, { excludeTestServices: true })((it) => {
  it.effect(
    "AUTH-6: whatever is wrong with a request, it is answered, and a refusal has a code",
    () => Effect.scoped(fuzz({ seed: "small", requests: 410, sought: 12 })),
    // A few seconds where nothing else runs.
    120_000,
  );
});
