/** What the check of operations knows of a plugin. */
import type { Auth } from "@beep/iam-server";
import type { IamTest } from "@beep/testing";
import type * as Effect from "effect/Effect";
import type { Group, Operations } from "./verified.ts";

/** A plugin's part of `Auth.api`. */
export interface Plugin {
  readonly title: string;
  /** For each operation that is declared a schema of what it answers. */
  readonly answers: Group;
  /** Operations that are not declared, with the reason. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** Calls each of them. */
  readonly scenario: (api: Operations) => Effect.Effect<unknown, unknown, Auth.Auth | IamTest.Mailbox>;
}
