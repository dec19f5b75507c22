import type * as Brand from "effect/Brand";
import * as Schema from "effect/Schema";
import { describe, expectTypeOf, it } from "vitest";
import { EntityId, IamEntityIds, SharedEntityIds } from "../src/index.ts";

const { MemberId, TeamMemberId } = IamEntityIds;
const { TeamId, UserId } = SharedEntityIds;

declare const memberId: IamEntityIds.MemberId;
declare const teamMemberId: IamEntityIds.TeamMemberId;
declare const teamId: SharedEntityIds.TeamId;
declare const text: string;

const takesTeam = (id: SharedEntityIds.TeamId) => id;
const takesTeamText = (id: EntityId.Text<"team">) => id;

describe("an id", () => {
  it("ALN-4: has its entity's brand, and is text with its prefix", () => {
    expectTypeOf<IamEntityIds.MemberId>().toEqualTypeOf<`member_${string}` & Brand.Brand<"MemberId">>();
    expectTypeOf(MemberId.Encoded).toEqualTypeOf<`member_${string}`>();
    expectTypeOf(MemberId.create()).toEqualTypeOf<IamEntityIds.MemberId>();
    expectTypeOf(MemberId.fromUuid(text)).toEqualTypeOf<IamEntityIds.MemberId>();
    expectTypeOf(Schema.decodeUnknownSync(MemberId)(text)).toEqualTypeOf<IamEntityIds.MemberId>();
    expectTypeOf(MemberId.prefix).toEqualTypeOf<"member">();
    expectTypeOf(MemberId.tableName).toEqualTypeOf<"iam_members">();
  });

  it("ALN-4: is taken where text is, and for nothing but its own entity's", () => {
    expectTypeOf(takesTeam(teamId)).toEqualTypeOf<SharedEntityIds.TeamId>();
    expectTypeOf(takesTeamText(teamId)).toEqualTypeOf<`team_${string}`>();
    expectTypeOf<IamEntityIds.MemberId>().toExtend<string>();

    // @ts-expect-error another entity's id
    takesTeam(memberId);
    // @ts-expect-error the id of an entity whose prefix begins alike
    takesTeam(teamMemberId);
    // @ts-expect-error text with the prefix, which nothing has validated
    takesTeam("team_01h455vb4pex5vsknk084sn02q");
    // @ts-expect-error any text
    takesTeam(text);
    // @ts-expect-error the unbranded text of another entity's id
    takesTeamText(memberId);
    // @ts-expect-error the unbranded text of an id whose prefix begins alike
    takesTeamText(teamMemberId);
  });

  it("ALN-4: of two entities can neither be compared nor be decoded from one another's text", () => {
    // @ts-expect-error no member's id is ever a user's
    expectTypeOf(memberId === UserId.create()).toEqualTypeOf<boolean>();
    // @ts-expect-error a team's member is no team
    Schema.decodeSync(TeamId)(TeamMemberId.create());
  });

  it("ALN-4: is narrowed to by `is`", () => {
    const value: unknown = text;
    if (TeamId.is(value)) expectTypeOf(value).toEqualTypeOf<SharedEntityIds.TeamId>();
  });

  it("ALN-4: is of its own kind in every pair of entities", () => {
    type Ids = {
      [K in keyof typeof SharedEntityIds]: (typeof SharedEntityIds)[K]["Type"];
    } & { [K in keyof typeof IamEntityIds]: (typeof IamEntityIds)[K]["Type"] };
    type Texts = {
      [K in keyof typeof SharedEntityIds]: (typeof SharedEntityIds)[K]["Encoded"];
    } & { [K in keyof typeof IamEntityIds]: (typeof IamEntityIds)[K]["Encoded"] };
    /** The pairs in which the one would be taken for the other. */
    type Mixed<T> = {
      [A in keyof T]: { [B in Exclude<keyof T, A>]: T[A] extends T[B] ? [A, B] : never }[Exclude<keyof T, A>];
    }[keyof T];
    expectTypeOf<Mixed<Ids>>().toEqualTypeOf<never>();
    expectTypeOf<Mixed<Texts>>().toEqualTypeOf<never>();
    expectTypeOf<Mixed<{ team: `team_${string}`; team_member: `team_member_${string}` }>>().toEqualTypeOf<
      ["team_member", "team"]
    >();
  });
});

describe("the ids of an entity", () => {
  it("ALN-4: are not those of another", () => {
    const takesIds = (ids: EntityId.EntityId<"TeamId", "team", "iam_teams">) => ids;
    expectTypeOf(takesIds(TeamId)).toEqualTypeOf<typeof TeamId>();
    // @ts-expect-error the ids of users
    takesIds(UserId);
    // @ts-expect-error the ids of an entity with another table
    takesIds(EntityId.make("TeamId", { prefix: "team", table: "teams" }));
  });
});
