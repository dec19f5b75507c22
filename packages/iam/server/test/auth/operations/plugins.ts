/** The operations of plugins: what they answer, what calls each of them, and what of a plugin is not declared. */

import { devices } from "./devices.ts";
import { directories } from "./directories.ts";
import { guests } from "./guests.ts";
import { emailCodes, magicLinks } from "./mailedSignIns.ts";
import { oauth } from "./oauth.ts";
import type { Plugin } from "./Plugin.ts";
import { passkeys } from "./passkeys.ts";
import { phoneNumbers } from "./phoneNumbers.ts";
import { severalSessions } from "./severalSessions.ts";
import { singleSignOn } from "./singleSignOn.ts";
import { ethereumSignIns, jwts, oneTimeTokens } from "./tokens.ts";
import { usernames } from "./usernames.ts";

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
