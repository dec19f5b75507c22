import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: ["./packages/shared/tables/src/tables/*.table.ts", "./packages/iam/tables/src/tables/*.table.ts"],
  out: "./packages/_internal/db-admin/migrations",
});
