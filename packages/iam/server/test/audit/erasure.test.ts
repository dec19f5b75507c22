/** What events say of people: sealed under their keys, and gone when they are erased, while the log stays as it is. */
import { createHash } from "node:crypto";
import { KeyOwner } from "@beep/iam-domain";
import { AuditEnvelopes, AuditLog, Auth, Erasure, Invitations, Keys, Secrets } from "@beep/iam-server";
import { Envelope, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { IamTest } from "@beep/testing";
import { PgClient } from "@effect/sql-pg/PgClient";
import { assert, layer } from "@effect/vitest";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { asService } from "../../src/tenancy/asService.ts";
import { as, organizationOf, person } from "../organizations/people.ts";
import { sealed, trust, withLog } from "./log.ts";

/** The events that hold a digest of personal data of a kind, the first ones first. */
const eventsOf = (type: string) =>
  asService(
    Effect.flatMap(
      PgClient,
      (client) => client<{ id: string; personal: Uint8Array; recorded: string | null; sealed: string | null }>`
        select e.id, e.personal, n.recorded, n.sealed from iam_audit_events e
        left join iam_audit_envelopes n on n.event_id = e.id
        where e.personal is not null and e.target_type = ${type} order by e.horizon, e.running desc, e.number`,
    ),
  );

/** All that the tables hold, as text. */
const everything = asService(
  Effect.gen(function* () {
    const client = yield* PgClient;
    const tables = yield* client<{ name: string }>`
      select relname as name from pg_class t join pg_policy p on p.polrelid = t.oid and p.polname = 'iam_service_all'`;
    const texts = yield* Effect.forEach(tables, ({ name }) =>
      client.unsafe<{ text: string | null }>(`select string_agg(t::text, E'\\n') as text from "${name}" t`),
    );
    return texts
      .flat()
      .map(({ text }) => text ?? "")
      .join("\n");
  }),
);

for (const database of IamTest.serverAndEmbedded) {
  layer(withLog(database.layer))(`on ${database.name}`, (it) => {
    it.effect("AUD-7: personal data stands apart from the event, which holds its digest, and is sealed", () =>
      Effect.gen(function* () {
        const envelopes = yield* AuditEnvelopes.Envelopes;
        const ann = yield* IamTest.signedUp("ann");
        const [created] = yield* eventsOf("user");
        assert.isDefined(created);
        const digest = createHash("sha256")
          .update(created.recorded ?? "")
          .digest("hex");
        assert.strictEqual(Buffer.from(created.personal).toString("hex"), digest);
        while ((yield* envelopes.seal) > 0);
        for (const type of ["user", "session", "account"]) {
          for (const { recorded, sealed: envelope } of yield* eventsOf(type)) {
            assert.isNull(recorded);
            assert.isNotNull(envelope);
          }
        }
        const opened = Option.getOrThrow(yield* envelopes.open(IamEntityIds.AuditEventId.fromUuid(created.id)));
        assert.strictEqual(opened.after?.email, ann.email);
      }),
    );

    it.effect("AUD-7: who is erased is gone from tables and events, and the log is as valid as before", () =>
      Effect.gen(function* () {
        const envelopes = yield* AuditEnvelopes.Envelopes;
        const log = yield* AuditLog.Log;
        const invitations = yield* Invitations.Invitations;
        const { erase } = yield* Erasure.Erasure;
        const known = yield* trust;
        const owner = yield* person("owner");
        const { id } = yield* organizationOf(owner, "erasing");
        const canary = yield* IamTest.signedUp("canary");
        const mailbox = yield* IamTest.Mailbox;
        const { api } = yield* Auth.Auth;
        const client = yield* PgClient;
        yield* as(owner, id)(invitations.create({ email: canary.email, roles: ["member"] }));
        yield* mailbox.next;
        yield* api.createApiKey({ headers: canary.headers, body: { name: "canary's laptop" } });
        yield* asService(client`
          insert into iam_legal_holds (id, owner_type, owner_id, reason, placed_by, released_at, released_by)
          values (gen_random_uuid(), 'user', ${canary.id}, 'canary is sued', 'a lawyer', now(), 'a lawyer')`);
        yield* asService(client`
          insert into iam_passkeys (id, user_id, public_key, credential_id, counter, device_type, backed_up)
          values (gen_random_uuid(), ${SharedEntityIds.UserId.toUuid(canary.id)}::uuid, 'canary', 'canary', 0, 'a', false)`);
        // There was another address before.
        yield* asService(client`
          update iam_users set email = 'other-canary@example.com'
          where id = ${SharedEntityIds.UserId.toUuid(canary.id)}::uuid`);
        yield* as(owner, id)(invitations.create({ email: "other-canary@example.com", roles: ["member"] }));
        yield* mailbox.next;
        while ((yield* envelopes.seal) > 0);
        yield* sealed;
        const before = yield* log.verify(known);
        assert.include(yield* everything, "canary");
        // Some of it is not sealed when the erasure comes.
        yield* api.updateUser({ headers: canary.headers, body: { name: "canary too" } });
        yield* erase(canary.id);
        yield* asService(client`delete from iam_legal_holds where owner_id = ${canary.id}`);
        yield* sealed;
        while ((yield* envelopes.seal) > 0);
        const after = yield* log.verify({ ...known, state: before.state });
        assert.isTrue(after.size > before.size);
        assert.notInclude(yield* everything, "canary");
        const about = yield* eventsOf("user");
        const events = yield* Effect.forEach(about, (event) =>
          envelopes.open(IamEntityIds.AuditEventId.fromUuid(event.id)),
        );
        assert.notInclude(JSON.stringify(events), "canary");
        const [erased] = yield* asService(
          client<{
            after: unknown;
            personal: unknown;
          }>`select after, personal from iam_audit_events where action = 'user.erased'`,
        );
        assert.deepStrictEqual(erased, { after: null, personal: null });
      }),
    );

    it.effect("CRY-2: what events say of people is sealed anew with everything else, when a key was rotated", () =>
      Effect.gen(function* () {
        const envelopes = yield* AuditEnvelopes.Envelopes;
        const keys = yield* Keys.Keys;
        const client = yield* PgClient;
        const eve = yield* IamTest.signedUp("eve");
        while ((yield* envelopes.seal) > 0);
        const of = asService(client<{ id: string; sealed: string }>`
          select event_id as id, sealed from iam_audit_envelopes
          where subject_id = ${SharedEntityIds.UserId.toUuid(eve.id)} and sealed is not null order by event_id`);
        const before = yield* of;
        yield* keys.rotate(KeyOwner.user(eve.id));
        // It would wait a minute before it ends the old key, for who has read something before.
        const through = yield* Deferred.make<void>();
        const rewrapping = yield* Effect.forkChild(
          keys.rewrap((step) => (step._tag === "Waiting" ? Deferred.succeed(through, undefined) : Effect.void)),
        );
        yield* Deferred.await(through);
        yield* Fiber.interrupt(rewrapping);
        const after = yield* of;
        const keyOf = ({ sealed: envelope }: { readonly sealed: string }) => Envelope.parse(envelope)?.dataKey;
        assert.lengthOf(after, before.length);
        assert.notInclude(after.map(keyOf), keyOf(before[0] ?? { sealed: "" }));
        for (const { id } of after) {
          assert.isTrue(Option.isSome(yield* envelopes.open(IamEntityIds.AuditEventId.fromUuid(id))));
        }
      }),
    );

    it.effect("AUD-7: who was invited and never came is read by the key of the address, as long as it is there", () =>
      Effect.gen(function* () {
        const envelopes = yield* AuditEnvelopes.Envelopes;
        const invitations = yield* Invitations.Invitations;
        const keys = yield* Keys.Keys;
        const mailbox = yield* IamTest.Mailbox;
        const owner = yield* person("inviter");
        const { id } = yield* organizationOf(owner, "inviting");
        yield* as(owner, id)(invitations.create({ email: "Stranger@example.com", roles: ["member"] }));
        yield* mailbox.next;
        while ((yield* envelopes.seal) > 0);
        const event = IamEntityIds.AuditEventId.fromUuid((yield* eventsOf("invitation")).at(-1)?.id ?? "");
        const opened = Option.getOrThrow(yield* envelopes.open(event));
        assert.strictEqual(String(opened.after?.email).toLowerCase(), "stranger@example.com");
        yield* keys.destroy(yield* envelopes.ownerOfAddress("stranger@example.com"));
        assert.deepStrictEqual(yield* envelopes.open(event), Option.none());
      }),
    );

    it.effect("AUD-7: who alone owns an organization is erased once somebody else does, or it is gone", () =>
      Effect.gen(function* () {
        const { erase } = yield* Erasure.Erasure;
        const client = yield* PgClient;
        const owner = yield* person("alone");
        const { id } = yield* organizationOf(owner, "owned");
        const user = owner.id;
        const fault = yield* Effect.flip(erase(user));
        assert.isTrue(fault._tag === "Conflict" && fault.code === "LAST_OWNER");
        yield* asService(
          client`delete from iam_organizations where id = ${SharedEntityIds.OrganizationId.toUuid(id)}::uuid`,
        );
        yield* erase(user);
      }),
    );

    it.effect("AUD-7: who was deleted before is erased with the address and its invitations", () =>
      Effect.gen(function* () {
        const { erase } = yield* Erasure.Erasure;
        const envelopes = yield* AuditEnvelopes.Envelopes;
        const client = yield* PgClient;
        const invitations = yield* Invitations.Invitations;
        const mailbox = yield* IamTest.Mailbox;
        const owner = yield* person("keeper");
        const { id } = yield* organizationOf(owner, "keeping");
        const left = yield* IamTest.signedUp("leaver");
        while ((yield* envelopes.seal) > 0);
        yield* asService(client`delete from iam_users where id = ${SharedEntityIds.UserId.toUuid(left.id)}::uuid`);
        yield* as(owner, id)(invitations.create({ email: left.email, roles: ["member"] }));
        yield* mailbox.next;
        while ((yield* envelopes.seal) > 0);
        assert.include(yield* everything, "leaver");
        yield* erase(left.id);
        while ((yield* envelopes.seal) > 0);
        assert.notInclude(yield* everything, "leaver");
      }),
    );

    it.effect("AUD-7: whose key is not what it was keeps nobody else's data in clear", () =>
      Effect.gen(function* () {
        const envelopes = yield* AuditEnvelopes.Envelopes;
        const client = yield* PgClient;
        const broken = yield* IamTest.signedUp("broken");
        while ((yield* envelopes.seal) > 0);
        yield* asService(client`
          update iam_data_keys set wrapped_key = left(wrapped_key, 20) || reverse(substr(wrapped_key, 21))
          where owner_id = ${broken.id}`);
        const name = SharedEntityIds.UserId.toUuid(broken.id);
        // With nothing remembered: as in a process that starts.
        yield* Effect.gen(function* () {
          const fresh = yield* AuditEnvelopes.Envelopes;
          yield* asService(client`update iam_users set name = 'b2' where id = ${name}::uuid`);
          const well = yield* IamTest.signedUp("well");
          while ((yield* fresh.seal) > 0);
          const left = yield* asService(client<{ subject: string }>`
            select distinct subject_id as subject from iam_audit_envelopes where recorded is not null`);
          assert.deepStrictEqual(
            left.map(({ subject }) => subject),
            [name],
          );
          assert.notStrictEqual(well.id, broken.id);
        }).pipe(Effect.provide(Layer.fresh(AuditEnvelopes.layer.pipe(Layer.provide(Layer.fresh(Secrets.layer))))));
        yield* asService(client`delete from iam_audit_envelopes where recorded is not null`);
      }),
    );

    it.effect("AUD-7: a legal hold prevents an erasure as a whole", () =>
      Effect.gen(function* () {
        const keys = yield* Keys.Keys;
        const { erase } = yield* Erasure.Erasure;
        const { api } = yield* Auth.Auth;
        const held = yield* IamTest.signedUp("held");
        const hold = yield* keys.hold(KeyOwner.user(held.id), "Case 4711");
        assert.strictEqual((yield* Effect.flip(erase(held.id)))._tag, "KeyHeld");
        yield* api.updateUser({ headers: held.headers, body: { name: "still here" } });
        yield* keys.release(hold);
        yield* erase(held.id);
      }),
    );
  });
}
