export * as Catalogue from "./Catalogue.ts";
export * as Migrations from "./Migrations.ts";
export * as Setup from "./Setup.ts";
export * as SqlState from "./SqlState.ts";
