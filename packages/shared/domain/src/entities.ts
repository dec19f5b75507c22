export * as Organization from "./entities/Organization.ts";
export * as Team from "./entities/Team.ts";
export * as User from "./entities/User.ts";
