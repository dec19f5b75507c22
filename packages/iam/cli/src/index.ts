export { migrate } from "./migrate.ts";
export { errorFamily } from "./Refused.ts";
export { serve } from "./serve.ts";
export { keys } from "./settings.ts";
