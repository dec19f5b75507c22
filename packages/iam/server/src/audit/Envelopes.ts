/**
 * The personal data of events. Triggers cannot seal, so that they leave it as it was recorded, apart from the event, which
 * holds its digest; here it is sealed under the key of whom it is about. Destroying that key makes it unreadable, and the
 * log stays as it is.
 */
import { type Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { EntityId, Envelope, IamEntityIds, SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Schema from "effect/Schema";
import type { SqlError } from "effect/sql/SqlError";
import * as Secrets from "../crypto/Secrets.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";

/** So many are sealed in one transaction. */
export const BATCH = 500;

/** What is recorded of an event, as the trigger writes it. */
export const Recorded = Schema.Struct({
  salt: Schema.String,
  before: Schema.NullOr(Schema.Record(Schema.String, Schema.Json)),
  after: Schema.NullOr(Schema.Record(Schema.String, Schema.Json)),
});

const fromText = Schema.decodeUnknownEffect(Schema.fromJsonString(Recorded));

type Unavailable =
  | Errors.KeyManagementUnavailable
  | Errors.KeyNotOpened
  | Errors.KeyVersionMissing
  | Errors.CommitUnknown
  | SqlError;

/** Seals and opens the personal data of events. */
export class Envelopes extends Context.Service<
  Envelopes,
  {
    /** Seals what lies open, as much as fits into a transaction, and says how many. What is about the erased is deleted. */
    readonly seal: Effect.Effect<number, Unavailable>;
    /** What an event says of a person. None where there is nothing, or nothing any more. */
    readonly open: (
      event: IamEntityIds.AuditEventId,
    ) => Effect.Effect<Option.Option<typeof Recorded.Type>, Unavailable>;
    /** The addresses that events say a user had, in lower case. */
    readonly addressesOf: (user: SharedEntityIds.UserId) => Effect.Effect<ReadonlySet<string>, Unavailable>;
    /** By whose key the data of people who have no account, the invited, is sealed: by their address. */
    readonly ownerOfAddress: (address: string) => Effect.Effect<KeyOwner.KeyOwner, Unavailable>;
  }
>()("@beep/iam-server/audit/Envelopes") {}

interface Row {
  readonly event_id: string;
  readonly subject_type: string;
  readonly subject_id: string;
  readonly recorded: string | null;
  readonly sealed: string | null;
}

const place = (row: Row): Secrets.Place =>
  Secrets.at(IamDbSchema.auditEnvelope.sealed, IamEntityIds.AuditEventId.fromUuid(row.event_id));

const make = Effect.gen(function* () {
  const client = yield* PgClient;
  const connection = yield* ServiceConnection;
  const secrets = yield* Secrets.Secrets;

  const ownerOfAddress = Effect.fnUntraced(function* (address: string) {
    const digest = yield* Effect.catchTag(
      secrets.mac(KeyOwner.installation, "address of a person", Redacted.make(address.toLowerCase())),
      "KeyDestroyed",
      Effect.die,
    );
    return { type: "address", id: digest };
  });

  /** Of an invitation the address is a person's whom nobody knows yet; otherwise the subject is a user. */
  const ownerOf = Effect.fnUntraced(function* (row: Row, recorded: string) {
    if (row.subject_type === "user") return KeyOwner.user(SharedEntityIds.UserId.fromUuid(row.subject_id));
    const { after, before } = yield* Effect.orDie(fromText(recorded));
    const email = after?.email ?? before?.email;
    return typeof email === "string"
      ? yield* ownerOfAddress(email)
      : { type: row.subject_type, id: EntityId.textOf(row.subject_type, row.subject_id) };
  });

  /** Who was invited is known by the key alone: what names it is a digest of the address. */
  const sealedFor = Effect.fnUntraced(function* (
    row: Row,
    envelope: string,
  ): Effect.fn.Return<KeyOwner.KeyOwner | undefined, Errors.CommitUnknown | SqlError> {
    if (row.subject_type === "user") return KeyOwner.user(SharedEntityIds.UserId.fromUuid(row.subject_id));
    const key = Envelope.parse(envelope)?.dataKey;
    if (key === undefined) return undefined;
    const [owner] = yield* connection.statement(connection.client<KeyOwner.KeyOwner>`
      select owner_type as type, owner_id as id from iam_data_keys where id = ${IamEntityIds.DataKeyId.toUuid(key)}`);
    return owner;
  });

  /** Of whom nothing can be sealed, as long as this process runs: each is told of once, and keeps nobody else waiting. */
  const stuck = new Set<string>();

  const sealBatch = Effect.gen(function* () {
    const rows = yield* client<Row>`
      select event_id, subject_type, subject_id, recorded, sealed from iam_audit_envelopes
      where recorded is not null and subject_id <> all (${[...stuck]}::uuid[])
      order by event_id limit ${BATCH} for update skip locked`;
    const values = yield* Effect.forEach(rows, (row) =>
      Effect.map(ownerOf(row, row.recorded ?? ""), (owner) => ({ row, owner })),
    );
    yield* Effect.catchTags(sealAll(values), {
      KeyNotOpened: () => sealEach(values),
      KeyVersionMissing: () => sealEach(values),
    });
    return rows.length;
  });

  /** One by one: somebody's key is not what it was. */
  const sealEach = (values: Parameters<typeof sealAll>[0]) =>
    Effect.forEach(
      values,
      (value) => {
        const isStuck = (error: Errors.KeyNotOpened | Errors.KeyVersionMissing) => {
          const { subject_id, subject_type } = value.row;
          if (stuck.has(subject_id)) return Effect.void;
          stuck.add(subject_id);
          const whose = { subject: EntityId.textOf(subject_type, subject_id) };
          return Effect.annotateLogs(Effect.logError("Personal data of events cannot be sealed.", error), whose);
        };
        return Effect.catchTags(sealAll([value]), { KeyNotOpened: isStuck, KeyVersionMissing: isStuck });
      },
      { discard: true },
    );

  const sealAll = (
    values: ReadonlyArray<{ readonly row: Row; readonly owner: KeyOwner.KeyOwner }>,
  ): Effect.Effect<void, Unavailable> =>
    Effect.gen(function* () {
      if (values.length === 0) return;
      const envelopes = yield* secrets.seal(
        values.map(({ owner, row }) => ({ owner, place: place(row), value: Redacted.make(row.recorded ?? "") })),
      );
      yield* client`
        update iam_audit_envelopes e set recorded = null, sealed = s.sealed
        from unnest(${values.map(({ row }) => row.event_id)}::uuid[], ${[...envelopes]}::text[]) s (id, sealed)
        where e.event_id = s.id`;
    }).pipe(
      Effect.catchTag("KeyDestroyed", ({ owner: erased }) => {
        const isErased = ({ owner }: { readonly owner: KeyOwner.KeyOwner }) =>
          KeyOwner.text(owner) === KeyOwner.text(erased);
        const gone = values.filter(isErased).map(({ row }) => row.event_id);
        return Effect.andThen(
          client`delete from iam_audit_envelopes where event_id = any(${gone}::uuid[])`,
          sealAll(values.filter((value) => !isErased(value))),
        );
      }),
    );

  const openRow = Effect.fnUntraced(function* (row: Row) {
    if (row.recorded !== null) return Option.some(yield* Effect.orDie(fromText(row.recorded)));
    const owner = row.sealed === null ? undefined : yield* sealedFor(row, row.sealed);
    if (row.sealed === null || owner === undefined) return Option.none();
    const [opened] = yield* secrets.open([{ owner, place: place(row), envelope: row.sealed }]).pipe(
      // Erased; anything else that does not open is somebody's attempt at the log.
      Effect.catchTag("SecretUnreadable", (unreadable) =>
        unreadable.reason === "key destroyed" ? Effect.succeed([]) : Effect.die(unreadable),
      ),
    );
    return opened === undefined ? Option.none() : Option.some(yield* Effect.orDie(fromText(Redacted.value(opened))));
  });

  return Envelopes.of({
    seal: connection.transaction(sealBatch).pipe(Effect.withSpan("Envelopes.seal")),
    ownerOfAddress,
    open: Effect.fn("Envelopes.open")(function* (event) {
      const [row] = yield* connection.statement(connection.client<Row>`
        select event_id, subject_type, subject_id, recorded, sealed from iam_audit_envelopes
        where event_id = ${IamEntityIds.AuditEventId.toUuid(event)}`);
      return row === undefined ? Option.none() : yield* openRow(row);
    }),
    addressesOf: Effect.fn("Envelopes.addressesOf")(function* (user) {
      const rows = yield* connection.statement(connection.client<Row>`
        select event_id, subject_type, subject_id, recorded, sealed from iam_audit_envelopes
        where subject_type = 'user' and subject_id = ${SharedEntityIds.UserId.toUuid(user)}`);
      const said = yield* Effect.forEach(rows, openRow);
      return new Set(
        said
          .flatMap(Option.toArray)
          .flatMap(({ after, before }) => [after?.email, before?.email])
          .flatMap((email) => (typeof email === "string" ? [email.toLowerCase()] : [])),
      );
    }),
  });
});

/** By the keys of the installation. */
export const layer: Layer.Layer<Envelopes, never, PgClient | ServiceConnection | Secrets.Secrets> = Layer.effect(
  Envelopes,
  make,
);
