import { type Field, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { Columns, Table, user } from "@beep/shared-tables";
import * as pg from "drizzle-orm/pg-core";

// Better Auth keeps whose client it is in `referenceId`, which an application fills as it likes, or in `userId`: so it belongs to no organization by itself.
export const oauthClient = Table.make(IamEntityIds.OauthClientId)(
  {
    clientId: pg.text("client_id").notNull().unique(),
    clientSecret: pg.text("client_secret"),
    clientDiscoveryId: pg.text("client_discovery_id"),
    disabled: pg.boolean("disabled").default(false),
    skipConsent: pg.boolean("skip_consent"),
    enableEndSession: pg.boolean("enable_end_session"),
    subjectType: pg.text("subject_type"),
    scopes: pg.text("scopes").array(),
    clientCredentialsScopes: pg.text("client_credentials_scopes").array().default([]),
    userId: Columns.id("user_id", SharedEntityIds.UserId).references(() => user.id, { onDelete: "cascade" }),
    name: pg.text("name"),
    uri: pg.text("uri"),
    icon: pg.text("icon"),
    contacts: pg.text("contacts").array(),
    tos: pg.text("tos"),
    policy: pg.text("policy"),
    softwareId: pg.text("software_id"),
    softwareVersion: pg.text("software_version"),
    softwareStatement: pg.text("software_statement"),
    redirectUris: pg.text("redirect_uris").array().notNull(),
    postLogoutRedirectUris: pg.text("post_logout_redirect_uris").array(),
    backchannelLogoutUri: pg.text("backchannel_logout_uri"),
    backchannelLogoutSessionRequired: pg.boolean("backchannel_logout_session_required"),
    tokenEndpointAuthMethod: pg.text("token_endpoint_auth_method"),
    applicationType: pg.text("application_type"),
    jwks: pg.text("jwks"),
    jwksUri: pg.text("jwks_uri"),
    grantTypes: pg.text("grant_types").array(),
    responseTypes: pg.text("response_types").array(),
    requirePKCE: pg.boolean("require_pkce"),
    dpopBoundAccessTokens: pg.boolean("dpop_bound_access_tokens").default(false),
    referenceId: pg.text("reference_id"),
    metadata: pg.jsonb("metadata").$type<Field.Json>(),
  },
  (t) => [
    pg.index("iam_oauth_clients_user_id_idx").on(t.userId),
    pg.index("iam_oauth_clients_reference_id_idx").on(t.referenceId),
  ],
  { digested: ["clientSecret"], personal: ["contacts"], subject: "userId" },
);
