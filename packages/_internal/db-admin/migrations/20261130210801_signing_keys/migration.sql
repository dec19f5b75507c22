ALTER TABLE "iam_signing_keys" ADD COLUMN "activates_at" timestamp(3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "iam_signing_keys" ADD COLUMN "retires_at" timestamp(3) with time zone;--> statement-breakpoint
ALTER TABLE "iam_signing_keys" ADD COLUMN "revoked_at" timestamp(3) with time zone;--> statement-breakpoint
CREATE UNIQUE INDEX "iam_signing_keys_newest_unique" ON "iam_signing_keys" ("alg") WHERE retires_at is null and revoked_at is null;--> statement-breakpoint
-- No token lives longer than a day, because for so long the key that signed it is published.
UPDATE "iam_oauth_resources" SET "access_token_ttl" = 86400 WHERE "access_token_ttl" > 86400;--> statement-breakpoint
ALTER TABLE "iam_oauth_resources" ADD CONSTRAINT "iam_oauth_resources_access_token_ttl" CHECK (access_token_ttl <= 86400);--> statement-breakpoint
ALTER TABLE "iam_signing_keys" ADD CONSTRAINT "iam_signing_keys_life" CHECK ((retires_at is null) = (expires_at is null) and retires_at <= expires_at);