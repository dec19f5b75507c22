/** What the mails say. */
import * as Context from "effect/Context";

/** What a mail says. Whoever receives `html` as well sees it instead of the text, which is then for the rest. */
export interface Content {
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

/** What every mail may speak of. */
interface Data {
  /** The application's name, as `IAM_APP_NAME` states it. */
  readonly appName: string;
  /** The link that is to be opened. */
  readonly url: string;
}

/** What a mail to a user may speak of. */
export interface UserData extends Data {
  readonly user: { readonly name: string; readonly email: string };
}

/** What an invitation may speak of. Whom it goes to need not be a user. */
export interface InvitationData extends Data {
  readonly email: string;
  readonly inviter: { readonly name: string; readonly email: string };
  readonly organization: { readonly name: string };
}

/** What a mail with a code, or a link to sign in, may speak of. Whom it goes to need not be a user. */
export interface SignInData {
  readonly appName: string;
  readonly email: string;
}

/** The texts of the mails, each a function of its data. Names are users' input: in `html` they are to be escaped. */
export interface MailTexts {
  /** To who signed up, or signs in before the address is confirmed. */
  readonly verification: (data: UserData) => Content;
  /** To who asked for a new password. */
  readonly passwordReset: (data: UserData) => Content;
  /** To who is invited to an organization. */
  readonly invitation: (data: InvitationData) => Content;
  /** To who signs in, or signs up, by a link. */
  readonly magicLink: (data: SignInData & { readonly url: string }) => Content;
  /** To who signs in, confirms an address or asks for a new password by a code. */
  readonly emailCode: (data: SignInData & { readonly code: string }) => Content;
  /** The text message with a code, for the same of a phone number. */
  readonly phoneCode: (data: { readonly appName: string; readonly code: string }) => string;
}

const defaults: MailTexts = {
  verification: ({ appName, url }) => ({
    subject: `Confirm your address for ${appName}`,
    text: `To confirm that this is your address, open this link:\n\n${url}\n\nIf you did not sign up at ${appName}, nothing has to be done.\n`,
  }),
  passwordReset: ({ appName, url }) => ({
    subject: `Reset your password for ${appName}`,
    text: `Somebody asked for a new password for your account at ${appName}. If it was you, open this link:\n\n${url}\n\nIf it was not you, nothing has to be done.\n`,
  }),
  invitation: ({ appName, inviter, organization, url }) => ({
    subject: `${inviter.name} invites you to ${organization.name}`,
    text: `${inviter.name} invites you to ${organization.name} at ${appName}. Sign in or sign up with this address, then accept the invitation:\n\n${url}\n`,
  }),
  magicLink: ({ appName, url }) => ({
    subject: `Sign in to ${appName}`,
    text: `To sign in to ${appName}, open this link:\n\n${url}\n\nIf it was not you who asked for it, nothing has to be done.\n`,
  }),
  emailCode: ({ appName, code }) => ({
    subject: `${code} is your code for ${appName}`,
    text: `Your code for ${appName} is:\n\n${code}\n\nNobody from ${appName} will ask you for it. If it was not you who asked for it, nothing has to be done.\n`,
  }),
  phoneCode: ({ appName, code }) => `${code} is your code for ${appName}. Nobody will ask you for it.`,
};

/**
 * The texts of the mails: English, unless others are provided to `Iam.layer`, or to what is composed of `Auth.layer`:
 * `Iam.layer.pipe(Layer.provide(Layer.succeed(Mailer.Mails, texts)))`.
 */
export const Mails = Context.Reference<MailTexts>("@beep/iam-server/auth/Mails", { defaultValue: () => defaults });
