export * as Application from "./Application.ts";
export * as Db from "./Database.ts";
export * as IamDb from "./IamDb.ts";
