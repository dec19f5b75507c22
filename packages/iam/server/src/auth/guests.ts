/** What becomes of what a guest had, once the guest says who they are. */
import type { SharedEntityIds } from "@beep/shared-domain";
import type { GenericEndpointContext } from "@better-auth/core";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";

/** A guest, and the user who the guest turns out to be. */
export interface Upgrade {
  readonly guest: SharedEntityIds.UserId;
  readonly user: SharedEntityIds.UserId;
}

/**
 * What an application does when a guest signs in or up, before the guest is deleted with all rows that refer to it: lets
 * its own rows pass to the user. Provided to `Iam.layer`, or to what is composed of `Auth.layer`, as mails' texts are. It
 * is part of the transaction in which memberships pass; a defect undoes that, and the guest stays.
 */
export const Guests = Context.Reference<(upgrade: Upgrade) => Effect.Effect<void>>("@beep/iam-server/auth/Guests", {
  defaultValue: () => () => Effect.void,
});

/** Roles of both, each once. */
const joined = (...roles: ReadonlyArray<string>): string =>
  [...new Set(roles.flatMap((role) => role.split(",")))].join();

/** Lets a guest's memberships and invitations pass to the user; keys end. Where both are members, both's roles are the user's. */
export const passOn = async (
  { context: { adapter } }: Pick<GenericEndpointContext, "context">,
  { guest, user }: Upgrade,
): Promise<void> => {
  const of = (userId: string) => [{ field: "userId", value: userId }];
  interface Member {
    readonly id: string;
    readonly organizationId: string;
    readonly role: string;
  }
  const mine = await adapter.findMany<Member>({ model: "member", where: of(user) });
  for (const theirs of await adapter.findMany<Member>({ model: "member", where: of(guest) })) {
    const both = mine.find(({ organizationId }) => organizationId === theirs.organizationId);
    const where = [{ field: "id", value: both?.id ?? theirs.id }];
    const update = both === undefined ? { userId: user } : { role: joined(both.role, theirs.role) };
    await adapter.update({ model: "member", where, update });
  }

  const teams = await adapter.findMany<{ readonly teamId: string }>({ model: "teamMember", where: of(user) });
  for (const { id, teamId } of await adapter.findMany<{ readonly id: string; readonly teamId: string }>({
    model: "teamMember",
    where: of(guest),
  })) {
    if (teams.some((team) => team.teamId === teamId)) continue;
    await adapter.update({ model: "teamMember", where: [{ field: "id", value: id }], update: { userId: user } });
  }

  const invitations = [{ field: "inviterId", value: guest }];
  await adapter.updateMany({ model: "invitation", where: invitations, update: { inviterId: user } });
  // Whoever was a guest in this browser before may have kept the secret of one, and would act as the user by it.
  await adapter.deleteMany({ model: "apikey", where: [{ field: "referenceId", value: guest }] });
};
