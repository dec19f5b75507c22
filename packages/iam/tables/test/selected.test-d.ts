import { IamDbSchema } from "@beep/iam-tables";
import type { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { organization, team } from "@beep/shared-tables";
import type { EffectPgDatabase } from "drizzle-orm/effect-postgres";
import type * as Effect from "effect/Effect";
import { describe, expectTypeOf, it } from "vitest";

declare const db: EffectPgDatabase;

/** The one row that a query gives. */
type RowOf<Query> = Query extends Effect.Effect<ReadonlyArray<infer Row>, infer _E, infer _R> ? Row : never;

describe("a selected column, by the declarations that users get,", () => {
  it("ALN-1: is not nullable where the column is not, of a tenant's table", () => {
    const { member } = IamDbSchema;
    const members = db
      .select({ id: member.id, organizationId: member.organizationId, role: member.role, createdAt: member.createdAt })
      .from(member);
    expectTypeOf<RowOf<typeof members>>().toEqualTypeOf<{
      id: IamEntityIds.MemberId;
      organizationId: SharedEntityIds.OrganizationId;
      role: string;
      createdAt: Date;
    }>();
    const teams = db.select({ id: team.id, organizationId: team.organizationId, version: team.version }).from(team);
    expectTypeOf<RowOf<typeof teams>>().toEqualTypeOf<{
      id: SharedEntityIds.TeamId;
      organizationId: SharedEntityIds.OrganizationId;
      version: number;
    }>();
  });

  it("ALN-1: is nullable where the column is, or the row may be missing", () => {
    const { invitation, member } = IamDbSchema;
    const invitations = db.select({ id: invitation.id, teamId: invitation.teamId }).from(invitation);
    expectTypeOf<RowOf<typeof invitations>>().toEqualTypeOf<{
      id: IamEntityIds.InvitationId;
      teamId: string | null;
    }>();
    const joined = db
      .select({ id: organization.id, memberId: member.id })
      .from(organization)
      .leftJoin(member, undefined);
    expectTypeOf<RowOf<typeof joined>>().toEqualTypeOf<{
      id: SharedEntityIds.OrganizationId;
      memberId: IamEntityIds.MemberId | null;
    }>();
  });

  it("ALN-1: is not nullable of a table of no organization", () => {
    const organizations = db.select({ id: organization.id, logo: organization.logo }).from(organization);
    expectTypeOf<RowOf<typeof organizations>>().toEqualTypeOf<{
      id: SharedEntityIds.OrganizationId;
      logo: string | null;
    }>();
  });
});
