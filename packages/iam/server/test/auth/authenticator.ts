/** An authenticator in software, as a browser's WebAuthn has one. */
import { AuthenticatorEmulator, PasskeysCredentialsMemoryRepository, WebAuthnEmulator } from "nid-webauthn-emulator";

/** How it is used. */
export interface Behaviour {
  /** The page that asks, by its origin. */
  readonly origin?: string;
  /** For whom the key is said to be, where that is not the page's own host. */
  readonly rpId?: string;
  /** Whether the device asks for its PIN or biometrics. */
  readonly verifiesUser?: boolean;
  /** By how much its counter goes up at each signature. */
  readonly counting?: number;
}

/** A device of its own, with the JSON of WebAuthn on both sides. */
export const authenticator = () => {
  const device = new AuthenticatorEmulator({ credentialsRepository: new PasskeysCredentialsMemoryRepository() });
  const browser = new WebAuthnEmulator(device);
  type Creation = Parameters<typeof browser.createJSON>[1];
  type Request = Parameters<typeof browser.getJSON>[1];

  const behave = ({ verifiesUser = true, counting = 1, origin = "http://localhost:3000" }: Behaviour): string => {
    const consent = () => ({ options: { uv: verifiesUser, up: true } });
    device.params = {
      ...device.params,
      userMakeCredentialInteraction: consent,
      userGetAssertionInteraction: consent,
      signCounterIncrement: counting,
    };
    return origin;
  };

  return {
    create: (options: object, behaviour: Behaviour = {}) => {
      const origin = behave(behaviour);
      const wanted = {
        ...options,
        ...(behaviour.rpId === undefined ? {} : { rp: { id: behaviour.rpId, name: "iam" } }),
      };
      // The server's options are JSON, which the emulator checks.
      return { ...browser.createJSON(origin, wanted as Creation, [origin]) };
    },
    get: (options: object, behaviour: Behaviour = {}) => {
      const origin = behave(behaviour);
      return { ...browser.getJSON(origin, options as Request, [origin]) };
    },
  };
};
