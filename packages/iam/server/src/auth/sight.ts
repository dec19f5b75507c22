/** What the endpoint of Better Auth's that runs is shown of the rows of organizations. */
import type { Where } from "@better-auth/core/db/adapter";
import * as Context from "effect/Context";
import * as promises from "./promises.ts";

/** What an endpoint is shown of the rows of organizations. */
export interface Sight {
  /** What is further demanded of the rows of a model that has an `organizationId`. */
  readonly condition: (model: string) => Where | undefined;
  /** Whether a row that was found is there for the caller; asked also where none was found, for the time that it takes. */
  readonly shows: (model: string, row: object | null) => Promise<boolean>;
  /** Whether members are asked for to see who owns the organization, and for nothing else. */
  readonly seeksOwners: boolean;
}

/** The sight of the endpoint that runs, once it is known what the endpoint is about. */
export const Current = Context.Reference<{ sight: Sight | undefined } | undefined>(
  "@beep/iam-server/auth/sight/Current",
  {
    defaultValue: () => undefined,
  },
);

/** What the endpoint that runs is shown; undefined where it is about no organization. */
export const currentSight = (): Sight | undefined => promises.reference(Current)?.sight;
