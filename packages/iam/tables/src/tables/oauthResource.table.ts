import { SigningKeyLife } from "@beep/iam-domain";
import { type Field, IamEntityIds } from "@beep/shared-domain";
import { Table } from "@beep/shared-tables";
import { sql } from "drizzle-orm";
import * as pg from "drizzle-orm/pg-core";

export const oauthResource = Table.make(IamEntityIds.OauthResourceId)(
  {
    identifier: pg.text("identifier").notNull().unique(),
    name: pg.text("name").notNull(),
    accessTokenTtl: pg.integer("access_token_ttl"),
    refreshTokenTtl: pg.integer("refresh_token_ttl"),
    signingAlgorithm: pg.text("signing_algorithm"),
    signingKeyId: pg.text("signing_key_id"),
    allowedScopes: pg.text("allowed_scopes").array(),
    customClaims: pg.jsonb("custom_claims").$type<Field.Json>(),
    dpopBoundAccessTokensRequired: pg.boolean("dpop_bound_access_tokens_required").default(false),
    disabled: pg.boolean("disabled").default(false),
    policyVersion: pg.integer("policy_version").default(1),
    metadata: pg.jsonb("metadata").$type<Field.Json>(),
  },
  () => [
    pg.check(
      "iam_oauth_resources_access_token_ttl",
      sql`access_token_ttl <= ${sql.raw(String(SigningKeyLife.LONGEST_TOKEN))}`,
    ),
  ],
);
