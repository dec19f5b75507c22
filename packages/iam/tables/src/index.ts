export * as IamDbSchema from "./schema.ts";
export { relations } from "./relations.ts";
