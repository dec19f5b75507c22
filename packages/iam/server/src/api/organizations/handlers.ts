/** What the routes of organizations do: each is one operation of a service. */
import { type AccessControl, type Errors, Membership } from "@beep/iam-domain";
import type { Principal } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder";
import * as Layer from "effect/Layer";
import { Invitations } from "../../organizations/Invitations.ts";
import { Members } from "../../organizations/Members.ts";
import { Organizations } from "../../organizations/Organizations.ts";
import { Roles } from "../../organizations/Roles.ts";
import { Teams } from "../../organizations/Teams.ts";
import { IamApi } from "../IamApi.ts";
import { CurrentPrincipal } from "../PrincipalRequired.ts";
import { OutcomeUnknown } from "../problem.ts";

/** Tells the caller that nobody knows whether the change happened. */
export const answered = <A, E, R>(effect: Effect.Effect<A, E | Errors.CommitUnknown, R>) =>
  Effect.catchTag(effect, "CommitUnknown", () => Effect.fail(new OutcomeUnknown()));

/** Of what is there no longer nothing is shown. */
export const ended = <A, E, R>(effect: Effect.Effect<A, E | Errors.CommitUnknown, R>) =>
  Effect.asVoid(answered(effect));

/** Runs an operation of a user's own, which looks at the credential itself; nobody else has any. */
const asUser =
  (asked: AccessControl.Permissions) =>
  <A, E, R>(operation: (user: Principal.User) => Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      const principal = yield* CurrentPrincipal;
      return principal._tag === "User" ? yield* answered(operation(principal)) : yield* Membership.missing(asked);
    });

const ownOrganizations = HttpApiBuilder.group(
  IamApi,
  "ownOrganizations",
  Effect.fnUntraced(function* (handlers) {
    const organizations = yield* Organizations;
    const invitations = yield* Invitations;
    return handlers.handleAll({
      list: ({ query }) => asUser({ organization: ["read"] })((user) => organizations.ofUser(user, query)),
      create: ({ payload }) => asUser({ organization: ["create"] })((user) => organizations.create(user, payload)),
      received: ({ query }) => asUser({ invitation: ["read"] })((user) => invitations.received(user, query)),
      accept: ({ params }) =>
        asUser({ invitation: ["accept"] })((user) => invitations.accept(user, params.invitationId)),
      reject: ({ params }) =>
        asUser({ invitation: ["reject"] })((user) => invitations.reject(user, params.invitationId)),
    });
  }),
);

const organization = HttpApiBuilder.group(
  IamApi,
  "organization",
  Effect.fnUntraced(function* (handlers) {
    const organizations = yield* Organizations;
    const members = yield* Members;
    const invitations = yield* Invitations;
    const teams = yield* Teams;
    const roles = yield* Roles;
    return handlers.handleAll({
      get: () => answered(organizations.get),
      full: () => answered(organizations.full),
      update: ({ payload }) => answered(organizations.update(payload)),
      remove: () => ended(organizations.remove),

      listMembers: ({ query }) => answered(members.list(query)),
      getMember: ({ params }) => answered(members.get(params.memberId)),
      updateMember: ({ params, payload }) => answered(members.setRoles(params.memberId, payload.roles)),
      removeMember: ({ params }) => ended(members.remove(params.memberId)),
      leave: () => ended(members.leave),

      listInvitations: ({ query }) => answered(invitations.list(query)),
      invite: ({ payload }) => answered(invitations.create(payload)),
      cancelInvitation: ({ params }) => answered(invitations.cancel(params.invitationId)),

      listTeams: ({ query }) => answered(teams.list(query)),
      createTeam: ({ payload }) => answered(teams.create(payload)),
      updateTeam: ({ params, payload }) => answered(teams.update(params.teamId, payload)),
      removeTeam: ({ params }) => ended(teams.remove(params.teamId)),
      listTeamMembers: ({ params, query }) => answered(teams.members(params.teamId, query)),
      addTeamMember: ({ params }) => answered(teams.addMember(params.teamId, params.userId)),
      removeTeamMember: ({ params }) => answered(teams.removeMember(params.teamId, params.userId)),

      listRoles: ({ query }) => answered(roles.list(query)),
      createRole: ({ payload }) => answered(roles.create(payload)),
      updateRole: ({ params, payload }) => answered(roles.update(params.roleId, payload.permissions)),
      removeRole: ({ params }) => ended(roles.remove(params.roleId)),
    });
  }),
);

/** The handlers of organizations' groups. */
export const layer = Layer.merge(ownOrganizations, organization);
