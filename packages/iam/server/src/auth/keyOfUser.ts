/** The data key of a user, read along with what it opens. */
import type { KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { SharedEntityIds } from "@beep/shared-domain";
import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import { typeIdOf } from "../db/typeId.ts";

const { dataKey } = IamDbSchema;

const TYPE: KeyOwner.KeyOwner["type"] = "user";

/** Whether a key is the one that seals for the user of an id. */
export const isKeyOf = (id: PgColumn): SQL | undefined =>
  and(
    sql`${dataKey.ownerType} = ${sql.raw(`'${TYPE}'`)}`,
    eq(dataKey.ownerId, typeIdOf(id, SharedEntityIds.UserId.prefix)),
    isNull(dataKey.retiredAt),
  );
