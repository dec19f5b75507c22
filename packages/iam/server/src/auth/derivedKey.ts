/** Keys that are made of the server's secret. */
import { hkdfSync } from "node:crypto";
import * as Redacted from "effect/Redacted";

/** A key of its own for what must not be verifiable with another's (RFC 5869). */
export const derivedKey = (secret: Redacted.Redacted, purpose: string): string =>
  Buffer.from(hkdfSync("sha256", Redacted.value(secret), "", `@beep/iam ${purpose}`, 32)).toString("base64url");
