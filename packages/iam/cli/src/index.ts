export { migrate } from "./migrate.ts";
export { serve } from "./serve.ts";
