/**
 * Questions of authorization, as the service answers them, beside the look-up of one tuple on the same connection, among
 * 100,000 tuples. Documents are granted to groups that are nested five deep.
 */
import { Authorization, AuthorizationModels } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { sqlUuid, uuidOf } from "@beep/testing/Population";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Result from "effect/Result";
import type { Benchmark, Subject } from "../Benchmark.ts";
import * as Database from "../Database.ts";
import { exactly, scattered } from "../rows.ts";

export const authz: Benchmark = {
  name: "authz",
  description: "Checks, batches and lists of authorization, beside the look-up of one tuple.",
  setUp: Effect.gen(function* () {
    return { subjects: [yield* among(100_000)] };
  }),
};

const APPLICATION = "documents";

const model = `model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type folder
  relations
    define parent: [folder]
    define viewer: [user, group#member] or viewer from parent
type document
  relations
    define parent: [folder]
    define owner: [user]
    define blocked: [user]
    define approved: [user]
    define reader: [user, group#member]
    define either: reader or owner
    define unblocked: reader but not blocked
    define both: reader and approved
    define viewer: owner or viewer from parent
`;

const USERS = 1_000;
const CHAINS = 200;
const DEEP = 5;
/** Tuples of each document. */
const EACH = 5;

const organization = SharedEntityIds.OrganizationId.fromUuid(uuidOf(1));

/** As many objects are asked about at once. */
const BATCH = 100;

const fill = (documents: number) => `
  insert into iam_relations (organization_id, application_id, object_type, object_id, relation, subject_relation,
    subject_type, subject_id)
  select ${sqlUuid("1")}, a.id, t.* from iam_applications a, (
    select 'group', chain || '-' || (deep - 1), 'member', 'member', 'group', chain || '-' || deep
    from generate_series(0, ${CHAINS - 1}) chain, generate_series(1, ${DEEP - 1}) deep
    union all
    select 'group', (n % ${CHAINS}) || '-' || ${DEEP - 1}, 'member', '', 'user', n::text from generate_series(0, ${USERS - 1}) n
    union all
    select 'folder', n::text, 'parent', '', 'folder', (n / 2)::text from generate_series(1, 31) n
    union all
    select 'folder', '0', 'viewer', 'member', 'group', chain || '-0' from generate_series(0, ${CHAINS - 1}) chain
    union all
    select 'document', d::text, 'reader', 'member', 'group', (d % ${CHAINS}) || '-0' from generate_series(1, ${documents}) d
    union all
    select 'document', d::text, relation, '', 'user', ((d + step) % ${USERS})::text from generate_series(1, ${documents}) d,
      (values ('owner', 0), ('blocked', 7), ('approved', 0)) r (relation, step)
    union all
    select 'document', d::text, 'parent', '', 'folder', (16 + d % 16)::text from generate_series(1, ${documents}) d
  ) t`;

const among = Effect.fnUntraced(function* (tuples: number) {
  const { admin, services } = yield* Database.make;
  const provided = yield* Layer.build(
    Layer.provideMerge(Authorization.layer, AuthorizationModels.layer).pipe(
      Layer.provide(Layer.succeedContext(services)),
    ),
  );
  const authorization = Context.get(provided, Authorization.Authorization);
  const models = Context.get(provided, AuthorizationModels.Models);
  const documents = Math.floor((tuples - USERS) / EACH);
  yield* admin.unsafe(`insert into iam_organizations (id, name, slug) values (${sqlUuid("1")}, 'acme', 'acme')`);
  yield* models.application({ key: APPLICATION, name: "Documents" });
  yield* models.write(APPLICATION, model);
  yield* admin.unsafe(fill(documents));
  yield* admin.unsafe("vacuum analyze iam_relations, iam_relation_nestings");
  const [row] = yield* admin<{ id: string }>`select id from iam_applications where key = ${APPLICATION}`;
  const application = row?.id ?? "";

  const { client, statement } = Database.serviceConnection(services);
  const space = { organization, application: APPLICATION };
  const document = scattered(documents, (d) => d);
  const lookUp = (index: number) => {
    const d = document(index);
    return Effect.map(
      statement(client`
        select 1 from iam_relations where organization_id = ${SharedEntityIds.OrganizationId.toUuid(organization)}
          and application_id = ${application} and object_type = 'document' and object_id = ${String(d)}
          and relation = 'owner' and subject_relation = '' and subject_type = 'user' and subject_id = ${String(d % USERS)}`),
      exactly(1),
    );
  };
  const baseline = { name: "the look-up of a tuple", operation: lookUp };
  const check = (relation: string) => ({
    name: `check ${relation}`,
    operation: (index: number) => {
      const d = document(index);
      return Effect.map(
        authorization.check({ ...space, subject: `user:${d % USERS}`, relation, object: `document:${d}` }),
        demand,
      );
    },
  });
  const batch = {
    name: `check of ${BATCH} documents`,
    operation: (index: number) => {
      // Those that one user may read.
      const user = index % USERS;
      const questions = Array.from({ length: BATCH }, (_, at) => ({
        subject: `user:${user}`,
        relation: "reader",
        object: `document:${((index * 31 + at) % Math.floor(documents / CHAINS)) * CHAINS + (user % CHAINS) || CHAINS}`,
      }));
      return Effect.map(authorization.checkAll(space, questions), (answers) => {
        for (const answer of answers) demand(Result.getOrThrow(answer));
      });
    },
  };
  const many = tuples.toLocaleString("en");
  return {
    name: `a question among ${many} tuples`,
    cases: [
      baseline,
      ...["owner", "reader", "either", "unblocked", "both", "viewer"].map(check),
      batch,
      {
        name: "a page of 50 documents",
        operation: (index: number) =>
          Effect.map(
            authorization.listObjects({
              ...space,
              subject: `user:${index % USERS}`,
              relation: "reader",
              type: "document",
              limit: 50,
            }),
            ({ items }) => exactly(50)(items),
          ),
      },
    ],
  } satisfies Subject;
});

const demand = ({ _tag }: Authorization.Answer): void => {
  if (_tag !== "Permit") throw new Error("It was not permitted.");
};
