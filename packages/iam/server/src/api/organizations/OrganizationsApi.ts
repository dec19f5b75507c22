/**
 * The routes of organizations and what is in them. Whose request it is, and whether the organization lets its principal in,
 * is settled before any of them runs.
 */
import { Page, Problems } from "@beep/iam-domain";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import * as HttpApi from "effect/http-api/HttpApi";
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint";
import * as HttpApiGroup from "effect/http-api/HttpApiGroup";
import * as HttpApiSchema from "effect/http-api/HttpApiSchema";
import * as OpenApi from "effect/http-api/OpenApi";
import { IdempotencyKey } from "../IdempotencyKey.ts";
import { PrincipalRequired } from "../PrincipalRequired.ts";
import { OutcomeUnknown } from "../problem.ts";
import { RequestValidation } from "../RequestValidation.ts";
import { TenantRequired } from "../TenantRequired.ts";
import * as schemas from "./schemas.ts";

const { CursorInvalid, Conflict, EmailInvalid, NotFound, PermissionMissing, RoleNameInvalid } = Problems;

const path = { organizationId: SharedEntityIds.OrganizationId };
const memberPath = { ...path, memberId: IamEntityIds.MemberId };
const teamPath = { ...path, teamId: SharedEntityIds.TeamId };
const seatPath = { ...teamPath, userId: SharedEntityIds.UserId };
const invitationPath = { ...path, invitationId: IamEntityIds.InvitationId };
const rolePath = { ...path, roleId: IamEntityIds.OrganizationRoleId };
const receivedPath = { invitationId: IamEntityIds.InvitationId };

/** A member that a body is not to have is refused, as the document says: one that is misspelt would else do nothing. */
const strict = { onExcessProperty: "error" } as const;

const says = OpenApi.Description;

/** What a principal does without being in an organization. */
export const ownOrganizations = HttpApiGroup.make("ownOrganizations")
  .add(
    HttpApiEndpoint.get("list", "/api/organizations", {
      query: schemas.pageQuery,
      success: Page.of(schemas.Organization),
      error: [CursorInvalid, PermissionMissing, OutcomeUnknown],
    }).annotate(says, "The organizations that the caller is in."),
    HttpApiEndpoint.post("create", "/api/organizations", {
      payload: schemas.NewOrganization,
      success: schemas.Organization.pipe(HttpApiSchema.status(201)),
      error: [Conflict, PermissionMissing, OutcomeUnknown],
    }).annotate(says, "Makes an organization that the caller owns, with a team of its name."),
    HttpApiEndpoint.get("received", "/api/invitations", {
      query: schemas.pageQuery,
      success: Page.of(schemas.ReceivedInvitation),
      error: [CursorInvalid, PermissionMissing, OutcomeUnknown],
    }).annotate(says, "The invitations that the caller can accept."),
    HttpApiEndpoint.post("accept", "/api/invitations/:invitationId/accept", {
      params: receivedPath,
      success: schemas.AcceptedInvitation,
      error: [NotFound, Conflict, PermissionMissing, OutcomeUnknown],
    }).annotate(says, "Makes the caller a member."),
    HttpApiEndpoint.post("reject", "/api/invitations/:invitationId/reject", {
      params: receivedPath,
      success: schemas.OrganizationInvitation,
      error: [NotFound, PermissionMissing, OutcomeUnknown],
    }).annotate(says, "Turns an invitation down."),
  )
  .middleware(RequestValidation)
  .middleware(IdempotencyKey)
  .middleware(PrincipalRequired)
  .annotate(HttpApi.PayloadParseOptions, strict)
  .annotateMerge(OpenApi.annotations({ title: "Own organizations", description: "Where does the caller belong?" }));

const changing = [PermissionMissing, OutcomeUnknown] as const;

const root = "/api/organizations/:organizationId";

/** What a member does in an organization. */
export const organization = HttpApiGroup.make("organization")
  .add(
    HttpApiEndpoint.get("get", root, { params: path, success: schemas.Organization, error: changing }).annotate(
      says,
      "The organization.",
    ),
    HttpApiEndpoint.get("full", `${root}/full`, {
      params: path,
      success: schemas.FullOrganization,
      error: changing,
    }).annotate(says, "The organization with the first page of its members, teams and invitations."),
    HttpApiEndpoint.patch("update", root, {
      params: path,
      payload: schemas.OrganizationChange,
      success: schemas.Organization,
      error: [Conflict, ...changing],
    }).annotate(says, "Needs `organization: update`."),
    HttpApiEndpoint.delete("remove", root, {
      params: path,
      success: HttpApiSchema.NoContent,
      error: changing,
    }).annotate(says, "Ends the organization with all that belongs to it. Needs `organization: delete`."),

    HttpApiEndpoint.get("listMembers", `${root}/members`, {
      params: path,
      query: schemas.pageQuery,
      success: Page.of(schemas.Member),
      error: [CursorInvalid, ...changing],
    }).annotate(says, "The members, and as much of the users as members see of each other."),
    HttpApiEndpoint.get("getMember", `${root}/members/:memberId`, {
      params: memberPath,
      success: schemas.Member,
      error: [NotFound, ...changing],
    }).annotate(says, "A member."),
    HttpApiEndpoint.patch("updateMember", `${root}/members/:memberId`, {
      params: memberPath,
      payload: schemas.MemberChange,
      success: schemas.Member,
      error: [NotFound, Conflict, ...changing],
    }).annotate(says, "Gives a member these roles in the place of those it has. Needs `member: update`."),
    HttpApiEndpoint.delete("removeMember", `${root}/members/:memberId`, {
      params: memberPath,
      success: HttpApiSchema.NoContent,
      error: [NotFound, Conflict, ...changing],
    }).annotate(says, "Needs `member: delete`; owners are removed by owners."),
    HttpApiEndpoint.post("leave", `${root}/leave`, {
      params: path,
      success: HttpApiSchema.NoContent,
      error: [NotFound, Conflict, ...changing],
    }).annotate(says, "Ends the caller's own membership."),

    HttpApiEndpoint.get("listInvitations", `${root}/invitations`, {
      params: path,
      query: schemas.pageQuery,
      success: Page.of(schemas.OrganizationInvitation),
      error: [CursorInvalid, ...changing],
    }).annotate(says, "In every state, for who may invite."),
    HttpApiEndpoint.post("invite", `${root}/invitations`, {
      params: path,
      payload: schemas.NewInvitation,
      success: schemas.OrganizationInvitation.pipe(HttpApiSchema.status(201)),
      error: [EmailInvalid, NotFound, Conflict, ...changing],
    }).annotate(
      says,
      "Invites an address by mail. One that is invited already is refused, or with `resend` gets the mail once more and more time. Needs `invitation: create`.",
    ),
    HttpApiEndpoint.post("cancelInvitation", `${root}/invitations/:invitationId/cancel`, {
      params: invitationPath,
      success: schemas.OrganizationInvitation,
      error: [NotFound, ...changing],
    }).annotate(says, "Ends an invitation that is pending; it stays in the list. Needs `invitation: cancel`."),

    HttpApiEndpoint.get("listTeams", `${root}/teams`, {
      params: path,
      query: schemas.pageQuery,
      success: Page.of(schemas.Team),
      error: [CursorInvalid, ...changing],
    }).annotate(says, "The teams."),
    HttpApiEndpoint.post("createTeam", `${root}/teams`, {
      params: path,
      payload: schemas.TeamName,
      success: schemas.Team.pipe(HttpApiSchema.status(201)),
      error: changing,
    }).annotate(says, "Needs `team: create`."),
    HttpApiEndpoint.patch("updateTeam", `${root}/teams/:teamId`, {
      params: teamPath,
      payload: schemas.TeamName,
      success: schemas.Team,
      error: [NotFound, ...changing],
    }).annotate(says, "Needs `team: update`."),
    HttpApiEndpoint.delete("removeTeam", `${root}/teams/:teamId`, {
      params: teamPath,
      success: HttpApiSchema.NoContent,
      error: [NotFound, Conflict, ...changing],
    }).annotate(says, "Needs `team: delete`; an organization keeps one."),
    HttpApiEndpoint.get("listTeamMembers", `${root}/teams/:teamId/members`, {
      params: teamPath,
      query: schemas.pageQuery,
      success: Page.of(schemas.TeamMember),
      error: [CursorInvalid, NotFound, ...changing],
    }).annotate(says, "For the members of the team, and for who may change members."),
    HttpApiEndpoint.put("addTeamMember", `${root}/teams/:teamId/members/:userId`, {
      params: seatPath,
      success: schemas.TeamMember,
      error: [NotFound, ...changing],
    }).annotate(says, "Whoever is in the team stays there. Needs `member: update`."),
    HttpApiEndpoint.delete("removeTeamMember", `${root}/teams/:teamId/members/:userId`, {
      params: seatPath,
      success: HttpApiSchema.NoContent,
      error: [NotFound, ...changing],
    }).annotate(says, "Needs `member: delete`."),

    HttpApiEndpoint.get("listRoles", `${root}/roles`, {
      params: path,
      query: schemas.pageQuery,
      success: Page.of(schemas.Role),
      error: [CursorInvalid, ...changing],
    }).annotate(says, "Those that the organization defined itself. Needs `ac: read`."),
    HttpApiEndpoint.post("createRole", `${root}/roles`, {
      params: path,
      payload: schemas.NewRole,
      success: schemas.Role.pipe(HttpApiSchema.status(201)),
      error: [Conflict, RoleNameInvalid, ...changing],
    }).annotate(says, "Needs `ac: create`, and what the role is to permit."),
    HttpApiEndpoint.patch("updateRole", `${root}/roles/:roleId`, {
      params: rolePath,
      payload: schemas.RoleChange,
      success: schemas.Role,
      error: [NotFound, ...changing],
    }).annotate(says, "Needs `ac: update`, and what the role is to permit."),
    HttpApiEndpoint.delete("removeRole", `${root}/roles/:roleId`, {
      params: rolePath,
      success: HttpApiSchema.NoContent,
      error: [NotFound, Conflict, ...changing],
    }).annotate(says, "Refused while a member or a pending invitation has the role. Needs `ac: delete`."),
  )
  .middleware(RequestValidation)
  .middleware(TenantRequired)
  // Around that, because what ends an organization is asked for once more when there is none.
  .middleware(IdempotencyKey)
  .middleware(PrincipalRequired)
  .annotate(HttpApi.PayloadParseOptions, strict)
  // Better Auth's operations have the tag "Organization".
  .annotateMerge(OpenApi.annotations({ title: "In an organization", description: "What is in an organization?" }));
