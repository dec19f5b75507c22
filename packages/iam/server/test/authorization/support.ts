/** An application with a model, and an organization in which facts hold. */
import { Authorization, AuthorizationModels } from "@beep/iam-server";
import { SharedEntityIds } from "@beep/shared-domain";
import { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import { asService } from "../../src/tenancy/asService.ts";

/** Documents, for users, for groups of users and of groups, and by the folders that they are in. */
export const documents = `model
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
    define blocked: [user, group#member]
    define approved: [user]
    define direct: [user, user:*]
    define shared: [user, group#member]
    define reader: [user, group#member] or owner
    define unblocked: reader but not blocked
    define both: reader and approved
    define viewer: owner or viewer from parent
    define limited: [user with enough]
condition enough(have: int, need: int) {
  have >= need
}
`;

let number = 0;

/** A new organization. */
export const organization = Effect.fnUntraced(function* () {
  const client = yield* PgClient;
  const id = SharedEntityIds.OrganizationId.create();
  const slug = `space-${++number}`;
  yield* asService(client`
    insert into iam_organizations (id, name, slug) values (${SharedEntityIds.OrganizationId.toUuid(id)}, ${slug}, ${slug})`);
  return id;
});

/** A new application with a model, and a new organization. */
export const space = Effect.fnUntraced(function* (model = documents) {
  const models = yield* AuthorizationModels.Models;
  const application = `application-${++number}`;
  yield* models.application({ key: application, name: application });
  yield* models.write(application, model);
  return { organization: yield* organization(), application };
});

/** Tuples from lines like `user:ann reader document:1`. */
export const tuples = (...lines: ReadonlyArray<string>) =>
  lines.map((line) => {
    const [subject = "", relation = "", object = ""] = line.split(" ");
    return { subject, relation, object };
  });

/** Whether what such a line says is so. */
export const isSo = Effect.fnUntraced(function* (in_: Authorization.Space, line: string) {
  const { check } = yield* Authorization.Authorization;
  const [tuple] = tuples(line);
  const { _tag } = yield* check({ ...in_, subject: "", relation: "", object: "", ...tuple });
  return _tag === "Permit";
});
