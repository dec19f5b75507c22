export { type Actor, anonymous, CurrentActor, CurrentTenant } from "./Actor.ts";
export * as EntityId from "./EntityId.ts";
export * as Envelope from "./Envelope.ts";
export * from "./entities.ts";
export * as Field from "./Field.ts";
export * as IamEntityIds from "./IamEntityIds.ts";
export * as Principal from "./Principal.ts";
export * as Row from "./Row.ts";
export * as SharedEntityIds from "./SharedEntityIds.ts";
