/** An authenticator in software, as a browser's WebAuthn has one. */
import { AuthenticatorEmulator, WebAuthnEmulator } from "nid-webauthn-emulator";

/** What a device can be made to do. */
export interface Behaviour {
  /** The page that asks, by its origin. */
  readonly origin?: string;
  /** Whether the device asks for its PIN or biometrics. */
  readonly verifiesUser?: boolean;
}

/** A device of its own, with the JSON of WebAuthn on both sides. */
export const authenticator = ({ origin = "http://localhost:3000", verifiesUser = true }: Behaviour = {}) => {
  const device = new AuthenticatorEmulator({ verifications: { userVerified: verifiesUser, userPresent: true } });
  const browser = new WebAuthnEmulator(device);
  type Creation = Parameters<typeof browser.createJSON>[1];
  type Request = Parameters<typeof browser.getJSON>[1];
  return {
    // The server's options are JSON, which the emulator checks.
    create: (options: object) => ({ ...browser.createJSON(origin, options as Creation) }),
    get: (options: object) => ({ ...browser.getJSON(origin, options as Request) }),
  };
};
