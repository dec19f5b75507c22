import { Field, IamEntityIds, Row } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** What happened to a SCIM connection and its credentials. */
export class Model extends VariantModel.Class<Model>("ScimManagedConnectionEvent")({
  ...Row.entity(IamEntityIds.ScimManagedConnectionEventId),
  connectionRecordId: Field.readOnly(Field.required(IamEntityIds.ScimManagedConnectionId)),
  eventKey: Field.sensitive(Field.required(Field.text)),
  sequence: Field.readOnly(Field.required(Field.integer)),
  type: Field.readOnly(Field.required(Field.text)),
  actorId: Field.readOnly(Field.required(Field.text)),
  credentialId: Field.readOnly(Field.nullable(Field.text)),
}) {}
