/** As much of a user as members of an organization see of each other. */
import { IamDbSchema } from "@beep/iam-tables";
import type { SharedEntityIds } from "@beep/shared-domain";

const { user } = IamDbSchema;

/** The user of a member. */
export interface MemberUser {
  readonly id: SharedEntityIds.UserId;
  readonly name: string;
  readonly email: string;
  readonly image: string | null;
}

/** The columns, without the id, which the row beside has: making a text of an id takes longer than reading it. */
export const columns = { name: user.name, email: user.email, image: user.image };
