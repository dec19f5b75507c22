/** How deliveries are signed: Standard Webhooks 1.0 (standardwebhooks.com), with symmetric secrets. */
import { createHmac, randomBytes } from "node:crypto";
import * as Redacted from "effect/Redacted";

/** What a secret begins with. */
const PREFIX = "whsec_";

/** In bytes; the specification takes from 24 to 64. */
const LENGTH = 32;

/** A new secret: `whsec_`, and random bytes in base64. */
export const makeSecret = (): Redacted.Redacted => Redacted.make(`${PREFIX}${randomBytes(LENGTH).toString("base64")}`);

/** What is signed. */
export interface Signed {
  readonly id: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly body: string;
}

/** The headers of a delivery; every secret that is valid signs it, so that any of them verifies it. */
export const headers = (secrets: ReadonlyArray<Redacted.Redacted>, { body, id, timestamp }: Signed) => ({
  "webhook-id": id,
  "webhook-timestamp": `${timestamp}`,
  "webhook-signature": secrets
    .map((secret) => Buffer.from(Redacted.value(secret).slice(PREFIX.length), "base64"))
    .map((key) => `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`)
    .join(" "),
});
