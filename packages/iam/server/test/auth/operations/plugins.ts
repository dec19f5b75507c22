/** The operations of plugins: what they answer, what calls each of them, and what of a plugin is not declared. */

import type { Auth } from "@beep/iam-server";
import type { IamTest } from "@beep/testing";
import type * as Effect from "effect/Effect";
import { devices } from "./devices.ts";
import { directories } from "./directories.ts";
import { guests } from "./guests.ts";
import { emailCodes, magicLinks } from "./mailedSignIns.ts";
import { oauth } from "./oauth.ts";
import { passkeys } from "./passkeys.ts";
import { phoneNumbers } from "./phoneNumbers.ts";
import { severalSessions } from "./severalSessions.ts";
import { singleSignOn } from "./singleSignOn.ts";
import { ethereumSignIns, jwts, oneTimeTokens } from "./tokens.ts";
import { usernames } from "./usernames.ts";
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

/** Every plugin that has operations. */
export const plugins: ReadonlyArray<Plugin> = [
  usernames,
  phoneNumbers,
  guests,
  magicLinks,
  emailCodes,
  severalSessions,
  jwts,
  oneTimeTokens,
  ethereumSignIns,
  passkeys,
  devices,
  directories,
  oauth,
  singleSignOn,
];
