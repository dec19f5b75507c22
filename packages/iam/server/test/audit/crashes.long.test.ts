import { it } from "@effect/vitest";
import * as Console from "effect/Console";
import * as Effect from "effect/Effect";
import { survived } from "./crashes.ts";

it.live(
  "AUD-1, AUD-3, OPS-2: killed twenty times, the process and PostgreSQL by turns, nothing is lost and the log is valid",
  () =>
    Effect.flatMap(survived(20, 700), ({ acknowledged, size }) =>
      Console.log(`${acknowledged} changes acknowledged in 20 rounds, ${size} events in the log, none lost`),
    ),
  600_000,
);
