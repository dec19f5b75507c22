/** The rules of `rules.ts` on the embedded database, which is slow to make. */
import { IamTest } from "@beep/testing";
import { layer } from "@effect/vitest";
import { rules } from "./rules.ts";

layer(IamTest.embedded, { excludeTestServices: true })("on the embedded database", rules);
