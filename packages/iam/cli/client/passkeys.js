/**
 * Passkeys: making one, and signing in with one, by a button or by what the browser offers in the field for the address.
 * What the page has for it carries `data-passkey`, and in `data-next` where to go once it is done.
 */

const AUTH = "/api/auth/passkey";

/** @type {HTMLElement | null} */
const problem = document.querySelector("[data-passkey-problem]");

/**
 * Says what went wrong; nothing takes the words away.
 *
 * @param {string} text
 */
const say = (text) => {
  if (problem === null) return;
  problem.textContent = text;
  problem.hidden = text === "";
};

/**
 * Asks the server. What it refuses is thrown, in its words.
 *
 * @param {string} path
 * @param {unknown} [body]
 */
const ask = async (path, body) => {
  const response = await fetch(`${AUTH}/${path}`, {
    ...(body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const answer = await response.json();
  if (response.ok) return answer;
  if (answer.code === "SESSION_NOT_FRESH")
    throw new Error("It has been a while since you signed in. Sign out, sign in again, and then try this again.");
  throw new Error(
    response.status === 429
      ? "That was too often. Try again in a minute."
      : (answer.message ?? "This did not work. Try it again."),
  );
};

/**
 * Does it, says what went wrong, and goes on.
 *
 * @param {HTMLElement} element
 * @param {() => Promise<unknown>} act
 */
const attempt = async (element, act) => {
  say("");
  try {
    await act();
    location.assign(element.dataset.next ?? "/");
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "InvalidStateError") say("This device has a passkey for this account already.");
    else if (name === "NotAllowedError" || name === "AbortError")
      say("It was broken off, or took too long. Try it again.");
    else say(error instanceof Error ? error.message : String(error));
  }
};

/** The request that waits for the browser's own offer; one that a button makes takes its place. */
let waiting = new AbortController();

/**
 * Signs in.
 *
 * @param {CredentialMediationRequirement} mediation
 */
const signIn = async (mediation) => {
  const options = await ask("generate-authenticate-options");
  waiting.abort();
  waiting = new AbortController();
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    mediation,
    signal: waiting.signal,
  });
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  await ask("verify-authentication", { response: credential.toJSON() });
};

/**
 * Makes a passkey.
 *
 * @param {string} name
 */
const register = async (name) => {
  const options = await ask("generate-register-options");
  const credential = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
  });
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("", "NotAllowedError");
  await ask("verify-registration", { response: credential.toJSON(), name });
};

/** @type {HTMLButtonElement | null} */
const button = document.querySelector("[data-passkey='sign-in']");
/** @type {HTMLFormElement | null} */
const form = document.querySelector("[data-passkey='register']");

if (typeof PublicKeyCredential === "undefined" || !("parseRequestOptionsFromJSON" in PublicKeyCredential)) {
  for (const element of [button, form]) if (element !== null) element.hidden = true;
} else {
  button?.addEventListener("click", () => attempt(button, () => signIn("required")));
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(form, () => register(String(new FormData(form).get("passkey-name"))));
  });
  if (button !== null && (await PublicKeyCredential.isConditionalMediationAvailable())) {
    // The browser offers what it has; whoever takes nothing of it is told nothing.
    await signIn("conditional").then(
      () => location.assign(button.dataset.next ?? "/"),
      () => {},
    );
  }
}
