import assert from "node:assert/strict";
import { EntityId, Field, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as Model from "effect/schema/Model";

/** The ids of an entity: what they look like at every edge, and which table they name. */
const DocumentId = EntityId.make("DocumentId", { prefix: "document", table: "app_documents" });

/** The entity: one declaration gives select, insert, update and the JSON forms. */
class Document extends Model.Class<Document>("Document")({
  ...Row.organizationEntity(DocumentId),
  title: Field.required(Schema.String),
  archived: Field.defaulted(Schema.Boolean),
  shareToken: Field.sensitive(Field.nullable(Schema.String)),
}) {}

const id = DocumentId.create();
assert.match(id, /^document_[0-9a-z]{26}$/);
assert.equal(DocumentId.fromUuid(DocumentId.toUuid(id)), id);
assert.equal(DocumentId.is(SharedEntityIds.TeamId.create()), false);
assert.equal("shareToken" in Document.json.fields, false);
