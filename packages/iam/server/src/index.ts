export type { Api, CurrentSession } from "./auth/Api.ts";
export * as Auth from "./auth/Auth.ts";
export * as Mailer from "./auth/Mailer.ts";
export { Db, IamDb } from "./db/Db.ts";
export type { ServiceConnection } from "./db/ServiceConnection.ts";
export * as Transaction from "./db/Transaction.ts";
export * as Iam from "./Iam.ts";
export * as Tenancy from "./tenancy/Tenancy.ts";
