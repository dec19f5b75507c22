/** What Better Auth's codes mean, as Better Auth is composed here. */
import type { betterAuthCodes } from "../AuthErrorCode.ts";
import { answered, type Explanation, type Family, told, unused } from "./Explanation.ts";

type Code = (typeof betterAuthCodes)[number];
type Area = Readonly<Partial<Record<Code, Explanation>>>;

const requests = {
  VALIDATION_ERROR: answered(
    400,
    "The body or the query does not have the form that the operation wants; the message names the field.",
    "Correct the field; the API's reference has the form.",
  ),
  BODY_MUST_BE_AN_OBJECT: answered(400, "The body is no JSON object.", "Send an object."),
  FIELD_NOT_ALLOWED: answered(400, "The body sets a field that clients may not set.", "Leave that field out."),
  MISSING_FIELD: answered(400, "A field that a new row must have is missing.", "Send that field."),
  NO_VALUES_TO_UPDATE: answered(400, "A change names nothing to change.", "Send at least one value."),
  MISSING_OR_NULL_ORIGIN: answered(
    403,
    "A browser's request with cookies has neither an Origin nor a Referer.",
    "Call from a page, or send no cookies; do not strip these headers in a proxy.",
  ),
  INVALID_ORIGIN: answered(
    403,
    "The request comes from a page of an origin that is not trusted.",
    "Add the page's origin to IAM_TRUSTED_ORIGINS.",
  ),
  CROSS_SITE_NAVIGATION_LOGIN_BLOCKED: answered(
    403,
    "A form of another site was sent to sign somebody in.",
    "Sign in from a page of your own.",
  ),
  INVALID_CALLBACK_URL: answered(
    403,
    "`callbackURL` leads to an origin that is not trusted.",
    "Use a path, or add its origin to IAM_TRUSTED_ORIGINS.",
  ),
  INVALID_REDIRECT_URL: answered(
    403,
    "`redirectTo` leads to an origin that is not trusted.",
    "Use a path, or add its origin to IAM_TRUSTED_ORIGINS.",
  ),
  INVALID_ERROR_CALLBACK_URL: answered(
    403,
    "`errorCallbackURL` leads to an origin that is not trusted.",
    "Use a path, or add its origin to IAM_TRUSTED_ORIGINS.",
  ),
  INVALID_NEW_USER_CALLBACK_URL: answered(
    403,
    "`newUserCallbackURL` leads to an origin that is not trusted.",
    "Use a path, or add its origin to IAM_TRUSTED_ORIGINS.",
  ),
  ASYNC_VALIDATION_NOT_SUPPORTED: unused("no field has a validator of its own"),
} satisfies Area;

const signIn = {
  INVALID_EMAIL: answered(400, "The address is no mail address.", "Correct the address."),
  INVALID_EMAIL_OR_PASSWORD: answered(
    401,
    "No user has this address with this password. Which of the two is wrong is not said.",
    "Correct them, or reset the password.",
  ),
  EMAIL_NOT_VERIFIED: answered(
    403,
    "The password is right, but the address was never confirmed. A mail to confirm it has been sent again.",
    "Follow the link in the mail, then sign in.",
  ),
  BANNED_USER: answered(403, "An administrator has banned the user.", "Ask an administrator, or wait for its end."),
  FAILED_TO_CREATE_USER: answered(
    [400, 422, 500],
    "The user could not be stored.",
    "Try again; the log has the cause.",
  ),
  FAILED_TO_CREATE_SESSION: answered(
    [400, 401, 500],
    "The user is known, but the session could not be stored.",
    "Sign in again; the log has the cause.",
  ),
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: answered(
    400,
    "An administrator gives a user an address that another user has. Signing up with one is not told.",
    "Use another address.",
  ),
  USER_ALREADY_EXISTS: unused("signing up does not tell who is known"),
  FAILED_TO_CREATE_VERIFICATION: unused("Better Auth only declares it"),
} satisfies Area;

const sessions = {
  FAILED_TO_GET_SESSION: answered(
    [401, 500],
    "The session ended while it was being renewed or changed (401), or could not be read (500).",
    "Sign in again; at 500 the log has the cause.",
  ),
  SESSION_NOT_FRESH: answered(
    403,
    "The session began more than a day ago, and this operation wants a newer one.",
    "Sign in again.",
  ),
  METHOD_NOT_ALLOWED_DEFER_SESSION_REQUIRED: answered(405, "The session was asked for by POST.", "Ask by GET."),
  SESSION_EXPIRED: answered(
    401,
    "The administrator's own session ended while acting as a user.",
    "Sign out, and sign in again.",
  ),
} satisfies Area;

const passwords = {
  PASSWORD_TOO_SHORT: answered(
    400,
    "The password has fewer than 15 characters, or 8 beside a second factor; this one may not go before it has 15.",
    "Choose a longer one.",
  ),
  PASSWORD_TOO_LONG: answered(400, "The password has more than 256 characters.", "Choose a shorter one."),
  INVALID_PASSWORD: answered(
    400,
    "The password that confirms an operation is missing or wrong, or that of a sign-up is missing.",
    "Send the user's present password.",
  ),
  CREDENTIAL_ACCOUNT_NOT_FOUND: answered(
    400,
    "The user has no password that could be changed.",
    "Set one by a password reset.",
  ),
  PASSWORD_ALREADY_SET: answered(
    400,
    "A first password is to be set for a user who has one.",
    "Change the password instead.",
  ),
  USER_ALREADY_HAS_PASSWORD: unused("Better Auth only declares it"),
} satisfies Area;

const addresses = {
  INVALID_TOKEN: answered(
    [400, 401],
    "The token of a link is not one that was sent, or was used already: a password reset (400), a confirmation (401).",
    "Ask for a new mail.",
  ),
  TOKEN_EXPIRED: answered(401, "The link that confirms an address is too old.", "Ask for a new mail."),
  USER_NOT_FOUND: answered(
    [400, 401, 404],
    "The user whom the request, or the link, names does not exist, or no longer.",
    "Correct the id, or ask for a new mail.",
  ),
  EMAIL_MISMATCH: answered(
    400,
    "A mail to confirm an address is asked for, and it is not that of the session's user.",
    "Ask for the session's own address.",
  ),
  EMAIL_ALREADY_VERIFIED: answered(400, "The address is confirmed already.", "Nothing is left to do."),
  EMAIL_CAN_NOT_BE_UPDATED: answered(
    400,
    "The user's data are to be changed, and the address among them.",
    "Leave `email` out; an administrator can change it.",
  ),
  CHANGE_EMAIL_DISABLED: answered(400, "Users do not change their address here.", "Let an administrator change it."),
  INVALID_USER: unused("users do not change their address"),
  VERIFICATION_EMAIL_NOT_ENABLED: unused("mails to confirm addresses are always sent"),
  FAILED_TO_UPDATE_USER: answered(
    500,
    "A phone number could not be stored with its user.",
    "Try again; the log has the cause.",
  ),
} satisfies Area;

const accounts = {
  PROVIDER_NOT_FOUND: answered(
    404,
    "Somebody signs in by, or links, a provider that is not configured; none is.",
    "Sign in with a password.",
  ),
  ACCOUNT_NOT_FOUND: answered(400, "The session's user has no such account.", "Correct the account's id."),
  FAILED_TO_UNLINK_LAST_ACCOUNT: answered(
    400,
    "The account is the user's only way to sign in.",
    "Keep it; without one the user could not come back.",
  ),
  CALLBACK_URL_REQUIRED: unused("no provider is configured"),
  FAILED_TO_GET_USER_INFO: unused("no provider is configured, and users do not delete themselves"),
  ID_TOKEN_NOT_SUPPORTED: unused("no provider is configured"),
  LINKED_ACCOUNT_ALREADY_EXISTS: unused("Better Auth only declares it"),
  SOCIAL_ACCOUNT_ALREADY_LINKED: unused("no provider is configured"),
  USER_EMAIL_NOT_FOUND: unused("no provider is configured"),
} satisfies Area;

const secondFactor = {
  INVALID_TWO_FACTOR_COOKIE: answered(
    401,
    "There is neither a session nor a sign-in that waits for its second factor, or that sign-in is too old.",
    "Sign in with the password again.",
  ),
  INVALID_CODE: answered(
    401,
    "The code of the authenticator app is wrong, or no longer the present one.",
    "Send the present code.",
  ),
  INVALID_BACKUP_CODE: answered([400, 401], "The backup code is wrong, or was used already.", "Use another one."),
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: answered(
    400,
    "Five codes in a row were wrong, and this sign-in is over.",
    "Sign in with the password again.",
  ),
  ACCOUNT_TEMPORARILY_LOCKED: answered(
    429,
    "Ten codes were wrong, over several sign-ins. The second factor is locked for a quarter of an hour.",
    "Wait, then sign in again.",
  ),
  TWO_FACTOR_NOT_ENABLED: answered(400, "Backup codes are asked for without a second factor.", "Enable it first."),
  TOTP_NOT_ENABLED: answered(
    400,
    "The user has no authenticator app, or never confirmed it with a first code.",
    "Enable the second factor, and confirm it.",
  ),
  TOTP_ALREADY_ENABLED: answered(
    400,
    "The second factor is enabled for a user who has one.",
    "Disable it first, if the app is to be another one.",
  ),
  BACKUP_CODES_NOT_ENABLED: answered(400, "The user has no backup codes.", "Enable the second factor first."),
  OTP_NOT_CONFIGURED: answered(400, "A code by mail is asked for; there is none.", "Use an authenticator app."),
  OTP_HAS_EXPIRED: answered(400, "A code by mail is to be checked, and none was sent.", "Use an authenticator app."),
  OTP_NOT_ENABLED: unused("Better Auth only declares it"),
  TOTP_NOT_CONFIGURED: unused("authenticator apps are always possible"),
} satisfies Area;

const otherWays = {
  INVALID_USERNAME_OR_PASSWORD: answered(
    401,
    "No user has this name with this password. Which of the two is wrong is not said.",
    "Correct them, or reset the password.",
  ),
  USERNAME_IS_ALREADY_TAKEN: answered(400, "Another user has this name.", "Choose another name."),
  USERNAME_TOO_SHORT: answered([400, 422], "The name has fewer than 3 characters.", "Choose a longer one."),
  USERNAME_TOO_LONG: answered([400, 422], "The name has more than 30 characters.", "Choose a shorter one."),
  INVALID_USERNAME: answered(
    [400, 422],
    "The name has other characters than letters, digits, `_` and `.`.",
    "Choose another name.",
  ),
  INVALID_PHONE_NUMBER: answered(
    400,
    "The phone number does not have its international form.",
    "Send `+`, the country's code and the number, without spaces: `+4915112345678`.",
  ),
  INVALID_PHONE_NUMBER_OR_PASSWORD: answered(
    401,
    "No user has this number with this password. Which of the two is wrong is not said.",
    "Correct them, or sign in by a code.",
  ),
  PHONE_NUMBER_NOT_VERIFIED: answered(
    401,
    "An administrator gave the user a number that was never confirmed. A code has been sent to it.",
    "Send the code to `/phone-number/verify`.",
  ),
  PHONE_NUMBER_PENDING_VERIFICATION: answered(
    400,
    "A password is reset by a number that was never confirmed.",
    "Confirm the number first, or reset the password by mail.",
  ),
  PHONE_NUMBER_EXIST: answered(400, "The number that is to be set is a user's already.", "Use another number."),
  PHONE_NUMBER_CANNOT_BE_UPDATED: answered(
    400,
    "A change of the user's data names a phone number.",
    "Set it by `/phone-number/verify` with `updatePhoneNumber`, which asks for a code.",
  ),
  PHONE_NUMBER_CANNOT_BE_SET: answered(
    400,
    "A sign-up names a phone number.",
    "Leave it out; set it later by `/phone-number/verify` with `updatePhoneNumber`.",
  ),
  INVALID_OTP: answered(
    400,
    "The code that was mailed or texted is wrong, used, or was never sent.",
    "Send the newest code, or ask for another.",
  ),
  OTP_EXPIRED: answered(400, "The code that was mailed or texted is too old.", "Ask for another."),
  OTP_NOT_FOUND: answered(400, "No code was texted to this number, or it is used.", "Ask for one."),
  TOO_MANY_ATTEMPTS: answered(403, "Three codes were wrong, and the one that was sent is void.", "Ask for another."),
  ANONYMOUS_USERS_CANNOT_SIGN_IN_AGAIN_ANONYMOUSLY: answered(
    400,
    "A guest becomes a guest again.",
    "Go on with the session that is there.",
  ),
  USER_IS_NOT_ANONYMOUS: answered(403, "A user who is no guest deletes the guest.", "Ask an administrator."),
  COULD_NOT_CREATE_SESSION: answered(
    400,
    "The guest is made, but the session could not be stored.",
    "Try again; the log has the cause.",
  ),
  FAILED_TO_DELETE_ANONYMOUS_USER: answered(
    500,
    "The guest could not be deleted.",
    "Try again; the log has the cause.",
  ),
  FAILED_TO_DELETE_ANONYMOUS_USER_SESSIONS: answered(
    500,
    "The guest's sessions could not be ended.",
    "Try again; the log has the cause.",
  ),
  INVALID_SESSION_TOKEN: answered(
    401,
    "The session that is to be switched to, or ended, is none of this browser's.",
    "Name one of those that `/multi-session/list-device-sessions` has.",
  ),
  UNEXPECTED_ERROR: answered(
    [400, 401],
    "The number has a user who has no password (401), or its user is gone (400).",
    "Sign in by a code.",
  ),
  INVALID_DISPLAY_USERNAME: unused("the form in which a name is shown has no rule of its own"),
  USERNAME_IS_IMMUTABLE: unused("users may change their name"),
  INVALID_EMAIL_FORMAT: unused("guests have no address of an application's making"),
  DELETE_ANONYMOUS_USER_DISABLED: unused("guests may always delete themselves"),
  PHONE_NUMBER_NOT_EXIST: unused("Better Auth only declares it"),
  SEND_OTP_NOT_IMPLEMENTED: unused("text messages are always sent"),
} satisfies Area;

const ofBrowsers = unused("it is of the client, whose browser broke off");

const passkeys = {
  CHALLENGE_NOT_FOUND: answered(
    400,
    "The browser was given no challenge for this, or it is used or more than five minutes old.",
    "Begin again: ask for new options.",
  ),
  FAILED_TO_VERIFY_REGISTRATION: answered(
    400,
    "The authenticator answered another page or challenge, or without the user's PIN or biometrics, or it is damaged.",
    "Begin again, from a page of IAM_BASE_URL or IAM_TRUSTED_ORIGINS.",
  ),
  AUTHENTICATION_FAILED: answered(
    [400, 401],
    "Another page or challenge was answered, or by a copy (400); signature, PIN or biometrics are not right (401).",
    "Begin again, from a page of IAM_BASE_URL or IAM_TRUSTED_ORIGINS.",
  ),
  PASSKEY_NOT_FOUND: answered(
    [401, 404],
    "Nobody has this passkey: at a sign-in (401), or to be changed or deleted (404).",
    "Use another passkey, or correct the id.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_REGISTER_THIS_PASSKEY: answered(
    401,
    "The registration was begun by another user, or the passkey to be renamed is another's.",
    "Begin again, signed in as its user.",
  ),
  UNABLE_TO_CREATE_SESSION: answered(
    500,
    "The passkey is right, but the session could not be stored.",
    "Sign in again; the log has the cause.",
  ),
  FAILED_TO_UPDATE_PASSKEY: answered(500, "The passkey could not be stored.", "Try again; the log has the cause."),
  SESSION_REQUIRED: unused("without a session the answer is UNAUTHORIZED"),
  RESOLVE_USER_REQUIRED: unused("a passkey is added to a session's user"),
  RESOLVED_USER_INVALID: unused("a passkey is added to a session's user"),
  AUTH_CANCELLED: ofBrowsers,
  PREVIOUSLY_REGISTERED: ofBrowsers,
  REGISTRATION_CANCELLED: ofBrowsers,
  UNKNOWN_ERROR: ofBrowsers,
} satisfies Area;

const devices = {
  AUTHORIZATION_PENDING: told("Nobody has decided on the device's request yet.", "Ask again after the interval."),
  POLLING_TOO_FREQUENTLY: told("The device asks again before its interval is over.", "Wait for the interval."),
  EXPIRED_DEVICE_CODE: told("Nobody decided on the device's request in time.", "Begin again with a new code."),
  ACCESS_DENIED: told("The user refused the device.", "Begin again, if the user wishes."),
  INVALID_DEVICE_CODE: told("The device's code is unknown, or was redeemed already.", "Begin again with a new code."),
  INVALID_DEVICE_CODE_STATUS: told("The device's request is in no state that is known.", "Begin again."),
  INVALID_USER_CODE: told("No device shows this code.", "Correct the code."),
  EXPIRED_USER_CODE: told("The code that the device shows is too old.", "Let the device begin again."),
  DEVICE_CODE_ALREADY_PROCESSED: told("The device's request is decided already.", "Nothing is left to do."),
  DEVICE_CODE_NOT_CLAIMED: told(
    "The device's request is decided by somebody who has not looked at it.",
    "Call `GET /device` with the code and the same session first.",
  ),
  AUTHENTICATION_REQUIRED: told("A device's request is decided without a session.", "Sign in."),
} satisfies Area;

const organizations = {
  ORGANIZATION_NOT_FOUND: answered(
    [400, 404],
    "There is none, it is suspended, or not the caller's: it is not said which (404); or none is named (400).",
    "Name one of the caller's, or set it active.",
  ),
  NO_ACTIVE_ORGANIZATION: answered(
    400,
    "No organization is named, and the session has no active one.",
    "Name one, or set it active.",
  ),
  ORGANIZATION_ALREADY_EXISTS: answered(400, "Another organization has this slug.", "Choose another slug."),
  ORGANIZATION_SLUG_ALREADY_TAKEN: answered(400, "Another organization has this slug.", "Choose another slug."),
  YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_ORGANIZATION: answered(
    403,
    "The caller's role in the organization lacks the permission `organization: update`.",
    "Ask an owner.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_ORGANIZATION: answered(
    403,
    "The caller's role in the organization lacks the permission `organization: delete`.",
    "Ask an owner.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_ACCESS_THIS_ORGANIZATION: unused("who does not belong to it is told that there is none"),
  YOU_ARE_NOT_ALLOWED_TO_CREATE_A_NEW_ORGANIZATION: unused("every user may make organizations"),
  YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_ORGANIZATIONS: unused("their number has no limit"),
} satisfies Area;

const members = {
  MEMBER_NOT_FOUND: answered(
    [400, 404],
    "The member does not exist in this organization.",
    "Correct the id, or the organization.",
  ),
  USER_IS_NOT_A_MEMBER_OF_THE_ORGANIZATION: answered(
    400,
    "The user whom the request names does not belong to the organization.",
    "Name another organization, or have the user invited.",
  ),
  YOU_ARE_NOT_A_MEMBER_OF_THIS_ORGANIZATION: answered(
    403,
    "The user whose role is asked for does not belong to the organization.",
    "Name another organization, or have the user invited.",
  ),
  USER_IS_ALREADY_A_MEMBER_OF_THIS_ORGANIZATION: answered(
    400,
    "The user is a member already.",
    "Change the role instead.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_MEMBER: answered(
    403,
    "The caller's role lacks `member: update`, or somebody who is no owner changes one or makes one.",
    "Ask an owner.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_MEMBER: answered(
    401,
    "The caller's role lacks the permission `member: delete`.",
    "Ask an owner or an administrator of the organization.",
  ),
  YOU_CANNOT_LEAVE_THE_ORGANIZATION_AS_THE_ONLY_OWNER: answered(
    400,
    "The only owner leaves or is removed, or somebody who is no owner removes one.",
    "Make another member an owner first.",
  ),
  YOU_CANNOT_LEAVE_THE_ORGANIZATION_WITHOUT_AN_OWNER: answered(
    400,
    "The only owner gives up that role.",
    "Make another member an owner first.",
  ),
  ORGANIZATION_MEMBERSHIP_LIMIT_REACHED: answered(
    403,
    "The organization has as many members as IAM_ORGANIZATION_MEMBERS allows.",
    "Remove one first, or allow more.",
  ),
} satisfies Area;

const invitations = {
  INVITATION_NOT_FOUND: answered(
    [400, 404],
    "There is none, it is too old, was accepted, rejected or cancelled, or is for another address.",
    "Sign in with the invited address, or ask to be invited again.",
  ),
  YOU_ARE_NOT_THE_RECIPIENT_OF_THE_INVITATION: unused("an invitation of somebody else's is answered as none"),
  EMAIL_VERIFICATION_REQUIRED_BEFORE_ACCEPTING_OR_REJECTING_INVITATION: answered(
    403,
    "The session's user has not confirmed the address that was invited.",
    "Confirm it first, by the link in the mail.",
  ),
  EMAIL_VERIFICATION_REQUIRED_FOR_INVITATION: answered(
    403,
    "Invitations are asked for by a user who has not confirmed the address.",
    "Confirm it first, by the link in the mail.",
  ),
  INVITER_IS_NO_LONGER_A_MEMBER_OF_THE_ORGANIZATION: answered(
    400,
    "Who sent the invitation has left the organization.",
    "Ask to be invited by somebody else.",
  ),
  USER_IS_ALREADY_INVITED_TO_THIS_ORGANIZATION: answered(
    400,
    "The address has an invitation that is still open.",
    "Send it again with `resend`, or cancel it.",
  ),
  INVITATION_LIMIT_REACHED: answered(
    [403, 409],
    "The organization has as many open invitations as IAM_ORGANIZATION_INVITATIONS allows.",
    "Cancel some first, or allow more.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_INVITE_USERS_TO_THIS_ORGANIZATION: answered(
    403,
    "The caller's role lacks the permission `invitation: create`.",
    "Ask an owner or an administrator of the organization.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_INVITE_USER_WITH_THIS_ROLE: answered(
    403,
    "Somebody who is no owner invites an owner.",
    "Invite with another role, or ask an owner.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_CANCEL_THIS_INVITATION: answered(
    403,
    "The caller's role lacks the permission `invitation: cancel`.",
    "Ask an owner or an administrator of the organization.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_LIST_INVITATIONS: answered(
    403,
    "The caller's role lacks the permission to see the organization's invitations.",
    "Ask an owner or an administrator of the organization.",
  ),
  FAILED_TO_RETRIEVE_INVITATION: unused("Better Auth only declares it"),
} satisfies Area;

const teams = {
  TEAM_NOT_FOUND: answered(
    [400, 404],
    "The team does not exist in this organization.",
    "Correct the id, or the organization.",
  ),
  INVALID_TEAM_ID: answered(400, "The id of a team in an invitation holds a comma.", "Send several ids as a list."),
  USER_IS_NOT_A_MEMBER_OF_THE_TEAM: answered(
    [400, 403],
    "The caller, or the user whom the request names, does not belong to the team.",
    "Add the user to the team first.",
  ),
  YOU_DO_NOT_HAVE_AN_ACTIVE_TEAM: answered(
    400,
    "No team is named, and the session has no active one.",
    "Name one, or set it active.",
  ),
  UNABLE_TO_REMOVE_LAST_TEAM: answered(400, "It is the organization's last team.", "Make another team first."),
  YOU_ARE_NOT_ALLOWED_TO_CREATE_TEAMS_IN_THIS_ORGANIZATION: answered(
    403,
    "The caller's role lacks the permission `team: create`.",
    "Ask an owner or an administrator of the organization.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_UPDATE_THIS_TEAM: answered(
    403,
    "The caller's role lacks the permission `team: update`.",
    "Ask an owner or an administrator of the organization.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_DELETE_THIS_TEAM: answered(
    403,
    "The team is the session's active one.",
    "Set another team active first.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_DELETE_TEAMS_IN_THIS_ORGANIZATION: answered(
    403,
    "The caller's role lacks the permission `team: delete`.",
    "Ask an owner or an administrator of the organization.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_CREATE_A_NEW_TEAM_MEMBER: answered(
    403,
    "The caller's role lacks the permission `member: update`.",
    "Ask an owner or an administrator of the organization.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_REMOVE_A_TEAM_MEMBER: answered(
    403,
    "The caller's role lacks the permission `member: delete`.",
    "Ask an owner or an administrator of the organization.",
  ),
  TEAM_ALREADY_EXISTS: unused("Better Auth only declares it"),
  TEAM_MEMBER_LIMIT_REACHED: unused("a team's size has no limit"),
  YOU_ARE_NOT_ALLOWED_TO_CREATE_A_NEW_TEAM: unused("Better Auth only declares it"),
  YOU_CAN_NOT_ACCESS_THE_MEMBERS_OF_THIS_TEAM: unused("Better Auth only declares it"),
  YOU_HAVE_REACHED_THE_MAXIMUM_NUMBER_OF_TEAMS: unused("their number has no limit"),
} satisfies Area;

const roles = {
  ROLE_NOT_FOUND: answered(
    [400, 404],
    "The organization has no such role, or none is named.",
    "Use `owner`, `admin`, `member`, or a role of the organization's own.",
  ),
  ROLE_NAME_IS_ALREADY_TAKEN: answered(400, "The organization has a role of this name.", "Choose another name."),
  ROLE_IS_ASSIGNED_TO_MEMBERS: answered(
    400,
    "The role that is to be deleted is held by members.",
    "Give these members another role first.",
  ),
  CANNOT_DELETE_A_PRE_DEFINED_ROLE: answered(400, "`owner`, `admin` and `member` are always there.", "Keep it."),
  INVALID_RESOURCE: answered(
    400,
    "A permission names a resource that organizations do not have.",
    "Use a resource of the predefined roles.",
  ),
  YOU_MUST_BE_IN_AN_ORGANIZATION_TO_CREATE_A_ROLE: answered(
    400,
    "No organization is named, and the session has no active one.",
    "Name one, or set it active.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_CREATE_A_ROLE: answered(
    403,
    "The caller's role lacks `ac: create`, or a permission that the new role is to have.",
    "Ask an owner.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_UPDATE_A_ROLE: answered(
    403,
    "The caller's role lacks `ac: update`, or a permission that the role is to have.",
    "Ask an owner.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_DELETE_A_ROLE: answered(403, "The caller's role lacks `ac: delete`.", "Ask an owner."),
  YOU_ARE_NOT_ALLOWED_TO_READ_A_ROLE: answered(403, "The caller's role lacks `ac: read`.", "Ask an owner."),
  YOU_ARE_NOT_ALLOWED_TO_LIST_A_ROLE: answered(403, "The caller's role lacks `ac: read`.", "Ask an owner."),
  YOU_ARE_NOT_ALLOWED_TO_GET_A_ROLE: unused("reading a role has a code of its own"),
  MISSING_AC_INSTANCE: unused("organizations always have roles of their own"),
  TOO_MANY_ROLES: unused("their number has no limit"),
} satisfies Area;

const apiKeys = {
  INVALID_API_KEY: answered(401, "Nobody has this key, or it is of another configuration.", "Make a new key."),
  KEY_NOT_FOUND: answered(
    [401, 404],
    "The caller has no key of this id (404); or the key lacks the permissions that are asked for (401).",
    "Correct the id, or make a key with these permissions.",
  ),
  KEY_DISABLED: answered(401, "The key is switched off.", "Enable it, or make a new one."),
  KEY_EXPIRED: answered(401, "The key is too old, and was deleted.", "Make a new key."),
  USAGE_EXCEEDED: answered(429, "The key may be used no more often.", "Wait for its refill, or make a new key."),
  USER_BANNED: answered(401, "A banned user deletes a key.", "Ask an administrator."),
  UNAUTHORIZED_SESSION: answered(
    401,
    "There is no session, or the key is to be another user's.",
    "Sign in, and leave `userId` out.",
  ),
  SERVER_ONLY_PROPERTY: answered(
    400,
    "A client sets what only the server may: limits, refills, permissions.",
    "Leave these out, or call from the server.",
  ),
  METADATA_DISABLED: answered(400, "Keys have no metadata here.", "Leave `metadata` out."),
  INVALID_NAME_LENGTH: answered(400, "The key's name has more than 32 characters, or none.", "Choose another name."),
  INVALID_PREFIX_LENGTH: answered(400, "The key's prefix has more than 32 characters.", "Choose a shorter one."),
  EXPIRES_IN_IS_TOO_SMALL: answered(400, "The key is to live for less than a day.", "Let it live longer."),
  EXPIRES_IN_IS_TOO_LARGE: answered(400, "The key is to live for more than 365 days.", "Let it live shorter."),
  REFILL_AMOUNT_AND_INTERVAL_REQUIRED: answered(400, "`refillAmount` comes without `refillInterval`.", "Send both."),
  REFILL_INTERVAL_AND_AMOUNT_REQUIRED: answered(400, "`refillInterval` comes without `refillAmount`.", "Send both."),
  FAILED_TO_UPDATE_API_KEY: answered(500, "The key could not be stored.", "Try again; the log has the cause."),
  ORGANIZATION_ID_REQUIRED: answered(400, "A key of an organization names none.", "Send `organizationId`."),
  USER_NOT_MEMBER_OF_ORGANIZATION: told(
    "A key of an organization is made for a user who does not belong to it.",
    "Name a member.",
  ),
  INSUFFICIENT_API_KEY_PERMISSIONS: answered(
    403,
    "The caller's role may not do this with the organization's keys.",
    "Ask an owner.",
  ),
  INVALID_API_KEY_GETTER_RETURN_TYPE: unused("keys do not stand for sessions"),
  INVALID_METADATA_TYPE: unused("keys have no metadata"),
  INVALID_REFERENCE_ID_FROM_API_KEY: unused("keys do not stand for sessions"),
  INVALID_REMAINING: unused("Better Auth only declares it"),
  INVALID_USER_ID_FROM_API_KEY: unused("Better Auth only declares it"),
  KEY_DISABLED_EXPIRATION: unused("keys may have any expiry within the limits"),
  KEY_NOT_RECOVERABLE: unused("Better Auth only declares it"),
  NAME_REQUIRED: unused("a key needs no name"),
  NO_DEFAULT_API_KEY_CONFIGURATION_FOUND: unused("there is one"),
  ORGANIZATION_PLUGIN_REQUIRED: unused("it is there"),
  RATE_LIMIT_EXCEEDED: unused("a key that is used too often gives RATE_LIMITED"),
} satisfies Area;

const lacks = (permission: string): Explanation =>
  answered(403, `The caller's role lacks the permission \`${permission}\`.`, "Ask an administrator.");

const administration = {
  YOU_ARE_NOT_ALLOWED_TO_LIST_USERS: lacks("user: list"),
  YOU_ARE_NOT_ALLOWED_TO_GET_USER: lacks("user: get"),
  YOU_ARE_NOT_ALLOWED_TO_CREATE_USERS: lacks("user: create"),
  YOU_ARE_NOT_ALLOWED_TO_UPDATE_USERS: lacks("user: update"),
  YOU_ARE_NOT_ALLOWED_TO_DELETE_USERS: lacks("user: delete"),
  YOU_ARE_NOT_ALLOWED_TO_BAN_USERS: lacks("user: ban"),
  YOU_ARE_NOT_ALLOWED_TO_CHANGE_USERS_ROLE: lacks("user: set-role"),
  YOU_ARE_NOT_ALLOWED_TO_SET_USERS_EMAIL: lacks("user: set-email"),
  YOU_ARE_NOT_ALLOWED_TO_SET_USERS_PASSWORD: lacks("user: set-password"),
  YOU_ARE_NOT_ALLOWED_TO_SET_USERS_PHONE_NUMBER: lacks("user: set-phone"),
  YOU_ARE_NOT_ALLOWED_TO_IMPERSONATE_USERS: lacks("user: impersonate"),
  YOU_CANNOT_IMPERSONATE_ADMINS: answered(
    403,
    "An administrator acts as another administrator.",
    "Act as a user who is none.",
  ),
  YOU_ARE_NOT_ALLOWED_TO_LIST_USERS_SESSIONS: lacks("session: list"),
  YOU_ARE_NOT_ALLOWED_TO_REVOKE_USERS_SESSIONS: lacks("session: revoke"),
  YOU_CANNOT_BAN_YOURSELF: answered(400, "The caller bans themselves.", "Ask another administrator."),
  YOU_CANNOT_REMOVE_YOURSELF: answered(400, "The caller deletes themselves.", "Ask another administrator."),
  INVALID_ROLE_TYPE: answered(400, "The role is no text.", "Send a role's name, or a list of names."),
  YOU_ARE_NOT_ALLOWED_TO_SET_NON_EXISTENT_VALUE: answered(400, "There is no such role.", "Use `user` or `admin`."),
  NO_DATA_TO_UPDATE: answered(400, "A change of a user names nothing to change.", "Send at least one value."),
  USER_ID_CANNOT_BE_UPDATED: answered(400, "A change of a user names the id.", "Leave `id` out of `data`."),
  PASSWORD_CANNOT_BE_UPDATED_VIA_UPDATE_USER: answered(
    400,
    "A change of a user names the password.",
    "Set it by the operation for passwords.",
  ),
} satisfies Area;

/** What each of Better Auth's codes means. */
export const betterAuth: Readonly<Record<Code, Explanation>> = {
  ...requests,
  ...signIn,
  ...sessions,
  ...passwords,
  ...addresses,
  ...accounts,
  ...secondFactor,
  ...otherWays,
  ...passkeys,
  ...devices,
  ...organizations,
  ...members,
  ...invitations,
  ...teams,
  ...roles,
  ...apiKeys,
  ...administration,
};

/** The same by area. */
export const areas: ReadonlyArray<Family> = [
  { title: "Requests", says: "Before an operation begins.", codes: requests },
  { title: "Signing up and in", says: "With an address and a password.", codes: signIn },
  { title: "Sessions", says: "Of whoever is signed in.", codes: sessions },
  { title: "Passwords", says: "Setting, changing and confirming with them.", codes: passwords },
  {
    title: "Addresses and links",
    says: "Confirming an address, and the links in mails. A link with a `callbackURL` leads there with `?error=<code>`.",
    codes: addresses,
  },
  { title: "Accounts", says: "The ways in which a user signs in.", codes: accounts },
  { title: "Second factor", says: "Authenticator apps and backup codes.", codes: secondFactor },
  {
    title: "Other ways in",
    says: "User names, phone numbers, codes and links by mail, guests, several sessions in one browser.",
    codes: otherWays,
  },
  { title: "Passkeys", says: "Adding them, and signing in with them.", codes: passkeys },
  {
    title: "Devices",
    says: "Over HTTP the answer is RFC 8628's: `authorization_pending`, `slow_down`, `expired_token`, `access_denied`, `invalid_grant`, `invalid_request`. As an `AuthError` each has a code.",
    codes: devices,
  },
  { title: "Organizations", says: "Making, changing and deleting them.", codes: organizations },
  { title: "Members", says: "Who belongs to an organization, and as what.", codes: members },
  { title: "Invitations", says: "Into an organization.", codes: invitations },
  { title: "Teams", says: "Within an organization.", codes: teams },
  { title: "Roles of an organization", says: "Those that it defines itself.", codes: roles },
  {
    title: "API keys",
    says: "`verifyApiKey` does not fail: it answers 200 with `valid: false`, and the code in `error.code`.",
    codes: apiKeys,
  },
  { title: "Administration", says: "Of all users; the roles are those of users.", codes: administration },
];
