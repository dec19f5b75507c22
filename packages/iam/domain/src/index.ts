export { AuthErrorCode, betterAuthCodes } from "./AuthErrorCode.ts";
export * from "./entities.ts";
export * as ErrorCatalogue from "./errorCatalogue.ts";
export * as Errors from "./errors.ts";
export * as Findings from "./findings.ts";
