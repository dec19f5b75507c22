DROP INDEX "iam_team_members_organization_id_team_id_idx";--> statement-breakpoint
ALTER TABLE "iam_organizations" ADD COLUMN "suspended_at" timestamp(3) with time zone;--> statement-breakpoint
CREATE INDEX "iam_invitations_organization_id_status_id_idx" ON "iam_invitations" ("organization_id","status","id");--> statement-breakpoint
-- Two invitations of one address at once, which nothing prevented: the one that can be accepted longest stays.
UPDATE "iam_invitations" SET "status" = 'canceled' WHERE "status" = 'pending' AND EXISTS (
  SELECT FROM "iam_invitations" "longer"
  WHERE "longer"."organization_id" = "iam_invitations"."organization_id" AND "longer"."email" = "iam_invitations"."email"
    AND "longer"."status" = 'pending'
    AND ("longer"."expires_at", "longer"."id") > ("iam_invitations"."expires_at", "iam_invitations"."id")
);--> statement-breakpoint
CREATE UNIQUE INDEX "iam_invitations_pending_unique" ON "iam_invitations" ("organization_id","email") WHERE "status" = 'pending';--> statement-breakpoint
CREATE INDEX "iam_members_owners_idx" ON "iam_members" ("organization_id") WHERE 'owner' = any (string_to_array("role", ','));--> statement-breakpoint
CREATE INDEX "iam_team_members_organization_id_team_id_id_idx" ON "iam_team_members" ("organization_id","team_id","id");--> statement-breakpoint
ALTER POLICY "iam_tenant_reads" ON "iam_users" TO "iam_tenant" USING (exists (select from iam_members where iam_members.user_id = "iam_users"."id" offset 0));