export { relations } from "./relations.ts";
export * as IamDbSchema from "./schema.ts";
