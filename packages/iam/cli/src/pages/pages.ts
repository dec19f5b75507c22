/** The pages of the site: HTML that works without scripts, but for passkeys, which are made of one. */
import * as Layer from "effect/Layer";
import * as organizations from "./account/organizations.ts";
import * as profile from "./account/profile.ts";
import * as security from "./account/security.ts";
import * as sessions from "./account/sessions.ts";
import * as accountTwoFactor from "./account/twoFactor.ts";
import * as consent from "./consent.ts";
import * as device from "./device.ts";
import * as error from "./error.ts";
import * as forgottenPassword from "./forgottenPassword.ts";
import * as home from "./home.ts";
import * as invitation from "./invitation.ts";
import * as assets from "./kit/assets.ts";
import type { Routes } from "./kit/route.ts";
import * as password from "./password.ts";
import * as setup from "./setup.ts";
import * as signIn from "./signIn.ts";
import * as signOut from "./signOut.ts";
import * as signUp from "./signUp.ts";
import * as twoFactor from "./twoFactor.ts";
import * as verification from "./verification.ts";

/** All pages that no application has replaced. They are served where `Site` is. */
export const layer: Routes = Layer.mergeAll(
  assets.layer,
  home.layer,
  setup.layer,
  signIn.layer,
  signUp.layer,
  verification.layer,
  forgottenPassword.layer,
  password.layer,
  twoFactor.layer,
  invitation.layer,
  error.layer,
  profile.layer,
  security.layer,
  accountTwoFactor.layer,
  sessions.layer,
  signOut.layer,
  consent.layer,
  device.layer,
  organizations.layer,
);
