export { errorFamilies } from "./errorFamilies.ts";
export { migrate } from "./operations/migrate.ts";
export { serve } from "./operations/serve.ts";
export { keys } from "./settings.ts";
