/** `pnpm bench`: lists the benchmarks, or runs one. */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime";
import * as NodeServices from "@effect/platform-node/NodeServices";
import * as Console from "effect/Console";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as FileSystem from "effect/FileSystem";
import * as Option from "effect/Option";
import { benchmarks, comparisons } from "./benchmarks.ts";
import { quick, thorough } from "./measure.ts";
import { render, renderComparison } from "./report.ts";
import { run, runComparison } from "./run.ts";

const all = [...benchmarks, ...comparisons];

const list = all.map(({ name, description }) => `${name.padEnd(16)}${description}`).join("\n");

const name = Argument.ChoiceWithValue(
  "name",
  all.map(({ name }) => [name, name]),
).pipe(Argument.withDescription("The benchmark to run; without it they are listed"), Argument.optional);

const command = Command.make(
  "bench",
  {
    name,
    quick: Flag.Boolean("quick").pipe(Flag.withDescription("Fewer and shorter rounds"), Flag.withDefault(false)),
    calls: Flag.Int("calls").pipe(
      Flag.withDescription("How many calls of each a comparison makes"),
      Flag.withDefault(1_000),
    ),
    json: Flag.File("json").pipe(Flag.withDescription("Also write the report to this file"), Flag.optional),
  },
  Effect.fnUntraced(function* ({ calls, json, name, ...flags }) {
    if (Option.isNone(name)) return yield* Console.log(list);
    const benchmark = benchmarks.find((each) => each.name === name.value);
    const comparison = comparisons.find((each) => each.name === name.value);
    const write = Effect.fnUntraced(function* (report: unknown, text: string) {
      yield* Console.log(text);
      if (Option.isNone(json)) return;
      const fileSystem = yield* FileSystem.FileSystem;
      yield* fileSystem.writeFileString(json.value, `${JSON.stringify(report, null, 2)}\n`);
    });
    if (benchmark !== undefined) {
      const report = yield* run(benchmark, flags.quick ? quick : thorough);
      yield* write(report, render(report));
    }
    if (comparison !== undefined) {
      const report = yield* runComparison(comparison, flags.quick ? Math.min(calls, 100) : calls);
      yield* write(report, renderComparison(report));
    }
  }),
).pipe(Command.withDescription(`Measures ways of doing one thing beside each other.\n\n${list}`));

Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain);
