/** Two requests at once that Better Auth itself would answer with an error, or both grant. */
import { Auth } from "@beep/iam-server";
import { IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { assert, layer } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { atWrite, superuser } from "./atWrite.ts";
import {
  at,
  Cast,
  database,
  granted,
  joined,
  open,
  organizationOf,
  type Person,
  signedUp,
  signIn,
  text,
} from "./browser.ts";
import { without } from "./control.ts";
import { assertOneWinner, hasty, patient, race, rounds } from "./race.ts";

/** A team, and a member of its organization who is not in it. */
const team = Effect.fnUntraced(function* (owner: Person, member: Person) {
  const organization = yield* organizationOf(owner, "acme");
  yield* joined(organization, owner, member);
  const body = { teamId: organization.teamId, userId: member.id, organizationId: organization.id };
  return { body, add: owner.post("/organization/add-team-member", body) };
});

layer(Cast.on(database), { excludeTestServices: true })("two at once", (it) => {
  it.effect("AUTH-8: additions of one team member are one addition, and both are told of it", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      const { add, body } = yield* team(ann, bob);
      const id = SharedEntityIds.TeamId.toUuid(body.teamId);
      yield* race(
        "iam_team_members",
        () =>
          Effect.gen(function* () {
            const sql = yield* superuser;
            yield* sql`delete from iam_team_members where user_id = ${SharedEntityIds.UserId.toUuid(body.userId)}`;
            yield* sql`update iam_teams set member_count = 1 where id = ${id}`;
            return { sides: [add, add], prepared: undefined };
          }),
        ({ answers }, sql) =>
          Effect.gen(function* () {
            const [one, other] = answers.map(granted);
            assert.deepStrictEqual(one, other);
            assert.deepStrictEqual(
              yield* sql`select member_count, (select count(*)::int from iam_team_members where team_id = ${id}) as members
                from iam_teams where id = ${id}`,
              [{ member_count: 2, members: 2 }],
            );
          }),
      );
    }),
  );

  it.effect("AUTH-8: acceptances of one invitation make one member", () =>
    Effect.gen(function* () {
      const mailbox = yield* IamTest.Mailbox;
      const { ann, bob } = yield* Cast;
      const phone = yield* open;
      granted(yield* signIn(phone, bob.email));
      const { id: organizationId, teamId } = yield* organizationOf(ann, "cats");
      yield* race(
        "iam_invitations",
        () =>
          Effect.gen(function* () {
            const invitation = { email: bob.email, role: "member", organizationId, teamId };
            const answer = granted(yield* ann.post("/organization/invite-member", invitation));
            yield* mailbox.next;
            const accept = { invitationId: text(answer, "id") };
            const sides = [bob, phone].map((browser) => browser.post("/organization/accept-invitation", accept));
            return { sides, prepared: undefined };
          }),
        ({ answers }, sql) =>
          Effect.gen(function* () {
            assertOneWinner(answers, ["INVITATION_NOT_FOUND"]);
            const user = SharedEntityIds.UserId.toUuid(bob.id);
            const id = SharedEntityIds.OrganizationId.toUuid(organizationId);
            assert.lengthOf(
              yield* sql`delete from iam_members where user_id = ${user} and organization_id = ${id} returning id`,
              1,
            );
            assert.lengthOf(
              yield* sql`delete from iam_team_members where user_id = ${user} and organization_id = ${id} returning id`,
              1,
            );
          }),
      );
    }),
  );

  it.effect("AUTH-8: changes that lock the same rows in opposite order both happen", () =>
    Effect.gen(function* () {
      const mailbox = yield* IamTest.Mailbox;
      const { ann, bob, cat } = yield* Cast;
      const { id: organizationId, teamId } = yield* organizationOf(ann, "opposite");
      const night = text(
        granted(yield* ann.post("/organization/create-team", { name: "Night", organizationId })),
        "id",
      );
      for (let round = 0; round < 8; round++) {
        const accepting = yield* Effect.forEach(
          [
            { person: bob, teams: [teamId, night] },
            { person: cat, teams: [night, teamId] },
          ],
          ({ person, teams }) =>
            Effect.gen(function* () {
              const invitation = { email: person.email, role: "member", organizationId, teamId: teams };
              const invitationId = text(granted(yield* ann.post("/organization/invite-member", invitation)), "id");
              yield* mailbox.next;
              return { accept: person.post("/organization/accept-invitation", { invitationId }) };
            }),
        );
        const answers = yield* Effect.forEach(accepting, ({ accept }) => accept, { concurrency: "unbounded" });
        assert.deepStrictEqual(
          answers.map(({ status }) => status),
          [200, 200],
        );
        for (const { email } of [bob, cat]) {
          granted(yield* ann.post("/organization/remove-member", { memberIdOrEmail: email, organizationId }));
        }
      }
      granted(yield* ann.post("/organization/delete", { organizationId }));
    }),
  );

  it.effect("AUTH-8: sign-ups of one address make one user, and one mail", () =>
    Effect.gen(function* () {
      const mailbox = yield* IamTest.Mailbox;
      yield* race(
        "iam_users",
        (round) =>
          Effect.gen(function* () {
            const nobody = yield* open;
            const email = `eve-${round}@example.com`;
            const signUp = nobody.post("/sign-up/email", { name: "Eve", email, password: IamTest.password });
            return { sides: [signUp, signUp], prepared: email };
          }),
        ({ answers, prepared: email, held }, sql) =>
          Effect.gen(function* () {
            // Who comes a little later is answered as if the address were free, so that nobody learns that it is not.
            if (held || answers[1]?.status !== 200) assertOneWinner(answers, ["ALREADY_EXISTS"]);
            assert.lengthOf(
              yield* sql`select from iam_users u join iam_accounts a on a.user_id = u.id where u.email = ${email}`,
              1,
            );
            assert.strictEqual((yield* mailbox.next).to, email);
          }),
      );
    }),
  );

  it.effect("AUTH-8: organizations of one name are one organization, and the loser leaves nothing", () =>
    Effect.gen(function* () {
      const { ann, bob } = yield* Cast;
      yield* race(
        "iam_organizations",
        (round) => {
          const wanted = { name: "Same", slug: `same-${round}` };
          const sides = [ann, bob].map((browser) => browser.post("/organization/create", wanted));
          return Effect.succeed({ sides, prepared: wanted.slug });
        },
        ({ answers, prepared: slug, held }, sql) =>
          Effect.gen(function* () {
            assertOneWinner(answers, ["ALREADY_EXISTS", ...(held ? [] : ["ORGANIZATION_ALREADY_EXISTS"])]);
            const [made] = yield* sql`
              select count(*)::int as organizations,
                sum((select count(*) from iam_members m where m.organization_id = o.id))::int as members,
                sum((select count(*) from iam_team_members t where t.organization_id = o.id))::int as team_members
              from iam_organizations o where slug = ${slug}`;
            assert.deepStrictEqual(made, { organizations: 1, members: 1, team_members: 1 });
          }),
      );
      const sql = yield* superuser;
      const left = yield* sql`select count(*)::int as organizations, (select count(*)::int from iam_teams) as teams
        from iam_organizations`;
      assert.strictEqual(at(left, 0, "organizations"), at(left, 0, "teams"));
    }),
  );

  it.effect("AUTH-8: verifications of a key with one use left use it at most once", () =>
    Effect.gen(function* () {
      const { api } = yield* Auth.Auth;
      const { ann } = yield* Cast;
      const sql = yield* superuser;
      for (let round = 0; round < rounds; round++) {
        const made = granted(yield* ann.post("/api-key/create", {}));
        const id = IamEntityIds.ApiKeyId.toUuid(text(made, "id"));
        yield* sql`update iam_api_keys set remaining = 1 where id = ${id}`;
        const verify = api.verifyApiKey({ body: { key: text(made, "key") } });
        const sides = [verify, verify];
        const outcomes = yield* round % 2 === 0
          ? atWrite(sql, "iam_api_keys", sides, hasty)
          : Effect.all(sides, { concurrency: "unbounded" });
        assert.isAtMost(outcomes.filter(({ valid }) => valid).length, 1);
        for (const { valid, error } of outcomes) {
          if (!valid) assert.include(["USAGE_EXCEEDED", "INVALID_API_KEY"], error?.code);
        }
      }
    }),
  );

  it.effect(
    "AUTH-8: two-factor authentication that is enabled twice has one secret, and one of the answers has it",
    () =>
      Effect.gen(function* () {
        const { cat } = yield* Cast;
        const enable = cat.post("/two-factor/enable", { password: IamTest.password });
        let given: ReadonlyArray<unknown> = [];
        yield* race(
          "iam_two_factors",
          () =>
            Effect.gen(function* () {
              const sql = yield* superuser;
              yield* sql`delete from iam_two_factors`;
              return { sides: [enable, enable], prepared: undefined };
            }),
          ({ answers }, sql) =>
            Effect.gen(function* () {
              // Who comes later replaces the secret that nobody has proved to know yet.
              if (answers[1]?.status !== 200) assertOneWinner(answers, ["ALREADY_EXISTS"]);
              assert.lengthOf(yield* sql`select from iam_two_factors`, 1);
              given = answers.map(({ body }) => at(body, "totpURI"));
            }),
          hasty,
        );
        const stored = granted(yield* cat.post("/two-factor/get-totp-uri", { password: IamTest.password }));
        assert.include(given, at(stored, "totpURI"));
      }),
  );

  it.effect("AUTH-8: creations of one role make one role", () =>
    Effect.gen(function* () {
      const { ann } = yield* Cast;
      const { id: organizationId } = yield* organizationOf(ann, "roles");
      yield* race(
        "iam_organization_roles",
        (round) => {
          const wanted = { role: `editor-${round}`, permission: { team: ["create"] }, organizationId };
          const create = ann.post("/organization/create-role", wanted);
          return Effect.succeed({ sides: [create, create], prepared: wanted.role });
        },
        ({ answers, prepared: role }, sql) =>
          Effect.gen(function* () {
            assertOneWinner(answers, ["ROLE_NAME_IS_ALREADY_TAKEN"]);
            assert.lengthOf(yield* sql`select from iam_organization_roles where role = ${role}`, 1);
          }),
      );
    }),
  );
});

layer(database, { excludeTestServices: true })("without the lock", (it) => {
  it.effect("AUTH-8: one of two additions of a team member would fail", () =>
    Effect.gen(function* () {
      const sql = yield* superuser;
      const { add } = yield* Effect.gen(function* () {
        return yield* team(yield* signedUp("ann"), yield* signedUp("bob"));
      }).pipe(Effect.provideServiceEffect(Auth.Auth, without("locks")));
      const answers = yield* atWrite(sql, "iam_team_members", [add, add], patient);
      assert.sameMembers(
        answers.map(({ status }) => status),
        [200, 500],
      );
    }),
  );
});
