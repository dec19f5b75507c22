/** The plans on the versions of PostgreSQL that `plans.test.ts` leaves. */
import { TestDatabase } from "@beep/testing";
import { plans } from "./plans.ts";

for (const major of TestDatabase.majors) {
  if (major !== 18) plans(major);
}
