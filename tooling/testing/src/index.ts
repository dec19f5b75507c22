export * as Collector from "./Collector.ts";
export { connect } from "./connect.ts";
export * as IamTest from "./IamTest.ts";
export * as PgBouncer from "./PgBouncer.ts";
export * as PostgresServer from "./PostgresServer.ts";
export * as Race from "./Race.ts";
export * as Statements from "./Statements.ts";
export { TestDatabase } from "./TestDatabase.ts";
