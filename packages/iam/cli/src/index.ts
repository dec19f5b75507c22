export { migrate } from "./migrate.ts";
export { serve } from "./serve.ts";
export { keys } from "./settings.ts";
