export { errorFamilies } from "./errorFamilies.ts";
export { migrate } from "./migrate.ts";
export { serve } from "./serve.ts";
export { keys } from "./settings.ts";
