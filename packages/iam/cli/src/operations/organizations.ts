/** `iam org` */
import { Auth, Operator, Organizations } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type { Operation } from "../explain.ts";
import { inNameOf, operating } from "../operating.ts";
import * as Outbox from "../outbox.ts";
import * as Output from "../output.ts";

/** Makes an organization with its owner. */
export const create = (input: {
  readonly slug: string;
  readonly name: Option.Option<string>;
  readonly owner: string;
  readonly json: boolean;
}): Operation =>
  operating(
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const owner = yield* Effect.flatMap(Operator.Operator, ({ user }) => user(input.owner));
      const { slug } = input;
      const name = Option.getOrElse(input.name, () => slug);
      const { id, createdAt } = yield* api.createOrganization({ body: { slug, name, userId: owner.id } });
      yield* Output.result(
        input.json,
        { id, slug, name, owner: owner.email, createdAt },
        () => `${slug} is created: ${id}`,
      );
    }),
  );

/** Lists organizations by slug. */
export const list = (input: {
  readonly search: string;
  readonly limit: number;
  readonly offset: number;
  readonly json: boolean;
}): Operation =>
  operating(
    Effect.gen(function* () {
      const operator = yield* Operator.Operator;
      const { organizations, total } = yield* operator.organizations(input);
      const rows = organizations.map(({ id, slug, name, members, createdAt, suspendedAt }) => ({
        id,
        slug,
        name,
        members,
        createdAt,
        suspendedAt,
      }));
      yield* Output.result(input.json, { organizations: rows, total }, (width) =>
        Output.table(
          ["SLUG", "NAME", "MEMBERS", "SINCE", "SUSPENDED"],
          rows.map((row) => [
            row.slug,
            row.name,
            String(row.members),
            Output.day(row.createdAt),
            row.suspendedAt === null ? "" : Output.day(row.suspendedAt),
          ]),
          width,
        ),
      );
      yield* Output.rest({ shown: rows.length, offset: input.offset, total });
    }),
  );

/** The organization that is named, and what acts on it. */
const target = Effect.fnUntraced(function* (input: { readonly org: string; readonly as: Option.Option<string> }) {
  const { api } = yield* Auth.Auth;
  const operator = yield* Operator.Operator;
  const organization = yield* operator.organization(input.org);
  return { api, organization, acting: yield* inNameOf(input.as, operator.owner(organization.id)) };
});

interface OnOrganization {
  readonly org: string;
  readonly as: Option.Option<string>;
}

/** Lists who belongs to an organization. */
export const members = (
  input: OnOrganization & { readonly limit: number; readonly offset: number; readonly json: boolean },
): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, organization } = yield* target(input);
      const { limit, offset } = input;
      const query = { organizationId: organization.id, limit, offset, sortBy: "createdAt" } as const;
      const { members, total } = yield* acting((headers) => api.listMembers({ headers, query }));
      const rows = members.map(({ id, role, createdAt, user }) => ({ id, role, createdAt, user }));
      yield* Output.result(input.json, { members: rows, total }, (width) =>
        Output.table(
          ["E-MAIL", "NAME", "ROLE", "SINCE"],
          rows.map(({ role, createdAt, user }) => [user.email, user.name, role, Output.day(createdAt)]),
          width,
        ),
      );
      yield* Output.rest({ shown: rows.length, offset, total });
    }),
  );

/** Invites somebody by mail, and prints the id of the invitation. */
export const invite = (
  input: OnOrganization & {
    readonly email: string;
    readonly role: string;
    readonly resend: boolean;
    readonly json: boolean;
  },
): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, organization } = yield* target(input);
      const { email, role, resend } = input;
      const body = { email, role, resend, organizationId: organization.id };
      const { id, expiresAt } = yield* acting((headers) => api.createInvitation({ headers, body }));
      yield* Output.result(input.json, { id, email, role, organization: organization.slug, expiresAt }, () => id);
      yield* Outbox.told({
        done: "The invitation was made",
        sent: (where) => `The invitation's mail ${where}; it can be accepted until ${Output.moment(expiresAt)}.`,
        again: `send it again by \`iam org invite ${organization.slug} ${email} --role ${role} --resend\``,
      });
    }),
  );

/** Ends a membership. */
export const removeMember = (input: OnOrganization & { readonly member: string }): Operation =>
  operating(
    Effect.gen(function* () {
      const { acting, api, organization } = yield* target(input);
      const body = { memberIdOrEmail: input.member, organizationId: organization.id };
      yield* acting((headers) => api.removeMember({ headers, body }));
      yield* Output.say(`${input.member} does not belong to ${organization.slug} any more.`);
    }),
  );

/** Shuts an organization to everybody, or opens it again. */
const setSuspended =
  (which: "suspend" | "resume", said: string) =>
  (input: { readonly org: string }): Operation =>
    operating(
      Effect.gen(function* () {
        const operator = yield* Operator.Operator;
        const organizations = yield* Organizations.Organizations;
        const { id, slug } = yield* operator.organization(input.org);
        yield* organizations[which](id);
        yield* Output.say(`${slug} ${said}`);
      }),
    );

/** Shuts an organization to everybody. */
export const suspend = setSuspended("suspend", "is suspended: nobody gets in, and nothing is deleted.");

/** Opens a suspended organization again. */
export const resume = setSuspended("resume", "is open again.");
