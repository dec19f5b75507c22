/** Making findings. */
import type { Findings } from "@beep/iam-domain";

/** It does not work, or is not safe. */
export const error = (code: Findings.Code, message: string, remedy: string): Findings.Finding => ({
  code,
  severity: "error",
  message,
  remedy,
});

/** It works, at a cost. */
export const warning = (code: Findings.Code, message: string, remedy: string): Findings.Finding => ({
  code,
  severity: "warning",
  message,
  remedy,
});
