import assert from "node:assert/strict";
import { Member } from "@beep/iam-domain/entities";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";

const memberId = IamEntityIds.MemberId.create();

// A row, as drizzle reads it, becomes a value with branded ids and times that are no mutable dates.
const member = Schema.decodeUnknownSync(Member.Model)({
  id: memberId,
  organizationId: SharedEntityIds.OrganizationId.create(),
  userId: SharedEntityIds.UserId.create(),
  role: "admin,editor",
  version: 1,
  createdAt: new Date(0),
  updatedAt: new Date(0),
});

assert.equal(member.id, memberId);
assert.deepEqual(Member.roles, ["owner", "admin", "member"]);
