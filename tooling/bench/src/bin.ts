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
import { benchmarks } from "./benchmarks.ts";
import { quick, thorough } from "./measure.ts";
import { render } from "./report.ts";
import { run } from "./run.ts";

const list = benchmarks.map(({ name, description }) => `${name.padEnd(16)}${description}`).join("\n");

const name = Argument.ChoiceWithValue(
  "name",
  benchmarks.map((benchmark) => [benchmark.name, benchmark]),
).pipe(Argument.withDescription("The benchmark to run; without it they are listed"), Argument.optional);

const command = Command.make(
  "bench",
  {
    name,
    quick: Flag.Boolean("quick").pipe(Flag.withDescription("Fewer and shorter rounds"), Flag.withDefault(false)),
    json: Flag.File("json").pipe(Flag.withDescription("Also write the report to this file"), Flag.optional),
  },
  Effect.fnUntraced(function* ({ json, name, ...flags }) {
    if (Option.isNone(name)) return yield* Console.log(list);
    const report = yield* run(name.value, flags.quick ? quick : thorough);
    yield* Console.log(render(report));
    if (Option.isSome(json)) {
      const fileSystem = yield* FileSystem.FileSystem;
      yield* fileSystem.writeFileString(json.value, `${JSON.stringify(report, null, 2)}\n`);
    }
  }),
).pipe(Command.withDescription(`Measures ways of doing one thing beside each other.\n\n${list}`));

Command.run(command, { version: "0.0.0" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain);
