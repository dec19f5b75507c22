/**
 * Better Auth's operations, as an explicit interface: its inferred one would be written out in every package that uses
 * it. Names and inputs are Better Auth's own, so that its documentation is ours; rows have the types of our models. What
 * Better Auth offers besides is left out for a reason, which stands in the test of this interface.
 *
 * `headers` carry the caller's session, in a cookie. An operation that needs a session fails without them.
 */
import type { Accounts } from "./api/accounts.ts";
import type { Administration } from "./api/administration.ts";
import type { ApiKeys } from "./api/apiKeys.ts";
import type { Devices } from "./api/devices.ts";
import type { Guests } from "./api/guests.ts";
import type { Invitations } from "./api/invitations.ts";
import type { EmailCodes, MagicLinks } from "./api/mailedSignIns.ts";
import type { Organizations } from "./api/organizations.ts";
import type { Passkeys } from "./api/passkeys.ts";
import type { PhoneNumbers } from "./api/phoneNumbers.ts";
import type { Roles } from "./api/roles.ts";
import type { Sessions } from "./api/sessions.ts";
import type { SeveralSessions } from "./api/severalSessions.ts";
import type { Teams } from "./api/teams.ts";
import type { EthereumSignIns, Jwts, OneTimeTokens } from "./api/tokens.ts";
import type { TwoFactor } from "./api/twoFactor.ts";
import type { Usernames } from "./api/usernames.ts";

export type { CurrentSession, SettingCookies, UserRow, WithHeaders } from "./api/rows.ts";

/** Better Auth's operations by their names. */
export interface Api
  extends Accounts,
    Sessions,
    TwoFactor,
    Organizations,
    Invitations,
    Teams,
    Roles,
    ApiKeys,
    Administration,
    Usernames,
    PhoneNumbers,
    Guests,
    MagicLinks,
    EmailCodes,
    SeveralSessions,
    Jwts,
    OneTimeTokens,
    EthereumSignIns,
    Passkeys,
    Devices {}
