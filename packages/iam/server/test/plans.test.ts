/** The plans on PostgreSQL 18; on the others by `plans.long.test.ts`. */
import { plans } from "./plans.ts";

plans(18);
