import { it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { survived } from "./crashes.ts";

it.live(
  "AUD-1, OPS-2: killed in the middle of a thousand changes, what is acknowledged is there, and has its event",
  () => Effect.asVoid(survived(3, 100)),
  60_000,
);
