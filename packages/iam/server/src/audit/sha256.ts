import { hash } from "node:crypto";
import type { Merkle } from "@beep/iam-domain";

/** The platform's, which is thrice as fast, as long as it need not make the buffer. */
export const sha256: Merkle.Sha256 = (bytes) => Buffer.from(hash("sha256", bytes, "binary"), "binary");
