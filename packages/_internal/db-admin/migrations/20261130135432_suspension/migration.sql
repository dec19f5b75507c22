ALTER TABLE "iam_organizations" ADD COLUMN "suspended_at" timestamp(3) with time zone;--> statement-breakpoint
-- Two invitations of one address at once, which nothing prevented: the one that can be accepted longest stays.
UPDATE "iam_invitations" SET "status" = 'canceled' WHERE "status" = 'pending' AND EXISTS (
  SELECT FROM "iam_invitations" "longer"
  WHERE "longer"."organization_id" = "iam_invitations"."organization_id" AND "longer"."email" = "iam_invitations"."email"
    AND "longer"."status" = 'pending'
    AND ("longer"."expires_at", "longer"."id") > ("iam_invitations"."expires_at", "iam_invitations"."id")
);--> statement-breakpoint
CREATE UNIQUE INDEX "iam_invitations_pending_unique" ON "iam_invitations" ("organization_id","email") WHERE "status" = 'pending';