/** The authorization models of applications: written in versions, of which the last one is in force at once. */
import { Errors, Model, Nesting } from "@beep/iam-domain";
import { IamEntityIds } from "@beep/shared-domain";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { SqlError } from "effect/sql/SqlError";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { common } from "./moment.ts";

/** A model in force. */
export interface InForce {
  /** The application's id in the database. */
  readonly applicationId: string;
  readonly number: number;
  readonly model: Model.Model;
  /** How often what holds for all had been changed: it is in force for as long as that is so. */
  readonly common: bigint;
}

/** A version of a model. */
export interface Version {
  readonly id: IamEntityIds.AuthorizationModelId;
  readonly number: number;
}

type Unavailable = Errors.CommitUnknown | SqlError;

/** The models of applications. */
export class Models extends Context.Service<
  Models,
  {
    /** Makes an application, or finds the one that has the key. */
    readonly application: (input: {
      readonly key: string;
      readonly name: string;
    }) => Effect.Effect<IamEntityIds.ApplicationId, Unavailable>;
    /**
     * Writes an application's next model, which is in force with the commit. Nothing is written where it does not hold
     * together, and no new version made where it says what the last one says.
     */
    readonly write: (
      application: string,
      source: string,
    ) => Effect.Effect<Version, Errors.ModelInvalid | Errors.ModelMissing | Unavailable>;
    /** The model that was in force when this process looked last: whoever uses it looks whether it still is. */
    readonly known: (application: string) => Effect.Effect<InForce, Errors.ModelMissing | Unavailable>;
    /** Reads again which model is in force. */
    readonly current: (application: string) => Effect.Effect<InForce, Errors.ModelMissing | Unavailable>;
  }
>()("@beep/iam-server/authorization/Models") {}

/** So many models are remembered. */
const REMEMBERED = 1_000;

const make = Effect.gen(function* () {
  const { client, lookUp, transaction } = yield* ServiceConnection;
  const remembered = new Map<string, InForce>();

  const current = Effect.fn("Models.current")(function* (application: string) {
    const [row] = yield* lookUp(client<{ application_id: string; number: number; source: string; common: bigint }>`
      select a.id as application_id, m.number, m.source,
        ${client.literal(common)} as common
      from iam_applications a
      join iam_authorization_models m on m.application_id = a.id
      where a.key = ${application} order by m.number desc limit 1`);
    if (row === undefined) return yield* new Errors.ModelMissing();
    const before = remembered.get(application);
    const isSame = before?.number === row.number && before.applicationId === row.application_id;
    // It was validated when it was written.
    const model = isSame ? before.model : yield* Effect.orDie(Effect.fromResult(Model.parse(row.source)));
    const found = { applicationId: row.application_id, number: row.number, model, common: row.common };
    remembered.delete(application);
    remembered.set(application, found);
    for (const oldest of remembered.keys()) {
      if (remembered.size <= REMEMBERED) break;
      remembered.delete(oldest);
    }
    return found;
  });

  /** What nests by the new model is found anew, of all organizations. */
  const nestAnew = Effect.fnUntraced(function* (applicationId: string, model: Model.Model) {
    const nested = JSON.stringify(Nesting.nested(model));
    const [same] = yield* client<{ same: boolean }>`
      select not exists (
        (select object_type, relation, subject_type, subject_relation from iam_nested_relations
          where application_id = ${applicationId}
        except select * from jsonb_to_recordset(${nested}::text::jsonb)
          n (object_type text, relation text, subject_type text, subject_relation text))
        union all
        (select * from jsonb_to_recordset(${nested}::text::jsonb)
          n (object_type text, relation text, subject_type text, subject_relation text)
        except select object_type, relation, subject_type, subject_relation from iam_nested_relations
          where application_id = ${applicationId})
      ) as same`;
    if (same?.same) return;
    yield* client`delete from iam_nested_relations where application_id = ${applicationId}`;
    yield* client`
      insert into iam_nested_relations (application_id, object_type, relation, subject_type, subject_relation)
      select ${applicationId}::uuid, n.* from jsonb_to_recordset(${nested}::text::jsonb)
        n (object_type text, relation text, subject_type text, subject_relation text)`;
    yield* client`delete from iam_relation_nestings where application_id = ${applicationId}`;
    yield* client`
      select iam_nest_relations(coalesce(jsonb_agg(distinct jsonb_build_array(
        r.organization_id, r.application_id, r.object_type, r.object_id, r.relation)), '[]'))
      from iam_relations r join iam_nested_relations n on n.application_id = r.application_id
        and n.object_type = r.object_type and n.relation = r.relation and n.subject_type = r.subject_type
        and n.subject_relation = r.subject_relation
      where r.application_id = ${applicationId} and r.subject_relation <> ''`;
  });

  return Models.of({
    application: Effect.fn("Models.application")(({ key, name }) =>
      transaction(
        Effect.gen(function* () {
          yield* client`
            insert into iam_applications (id, key, name)
            values (${IamEntityIds.ApplicationId.toUuid(IamEntityIds.ApplicationId.create())}, ${key}, ${name})
            on conflict (key) do nothing`;
          const [row] = yield* client<{ id: string }>`select id from iam_applications where key = ${key}`;
          return IamEntityIds.ApplicationId.fromUuid(row?.id ?? "");
        }),
      ),
    ),
    write: Effect.fn("Models.write")(function* (application, source) {
      const model = yield* Effect.fromResult(Model.parse(source));
      return yield* transaction(
        Effect.gen(function* () {
          // Whoever writes tuples has it locked the other way: what nests is found for all of them.
          const [found] = yield* client<{ id: string }>`
            select id from iam_applications where key = ${application} for update`;
          if (found === undefined) return yield* new Errors.ModelMissing();
          const [last] = yield* client<{ id: string; number: number; source: string }>`
            select id, number, source from iam_authorization_models where application_id = ${found.id}
            order by number desc limit 1`;
          if (last?.source === source) {
            return { id: IamEntityIds.AuthorizationModelId.fromUuid(last.id), number: last.number };
          }
          const id = IamEntityIds.AuthorizationModelId.create();
          const number = (last?.number ?? 0) + 1;
          yield* client`
            insert into iam_authorization_models (id, application_id, number, source)
            values (${IamEntityIds.AuthorizationModelId.toUuid(id)}, ${found.id}, ${number}, ${source})`;
          yield* client`
            insert into iam_policy_revisions as r (organization_id, revision) values (null, 1)
            on conflict (organization_id) do update set revision = r.revision + 1`;
          yield* nestAnew(found.id, model);
          return { id, number };
        }),
      );
    }),
    current,
    known: (application) =>
      Effect.suspend(() => {
        const found = remembered.get(application);
        return found === undefined ? current(application) : Effect.succeed(found);
      }),
  });
});

/** The models in a database. */
export const layer: Layer.Layer<Models, never, ServiceConnection> = Layer.effect(Models, make);
