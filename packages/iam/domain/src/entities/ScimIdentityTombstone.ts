import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as VariantModel from "effect/schema/Model";

/** A user whom a directory has deleted, so that coming back it is the same. */
export class Model extends VariantModel.Class<Model>("ScimIdentityTombstone")({
  ...Row.entity(IamEntityIds.ScimIdentityTombstoneId),
  connectionId: Field.readOnly(Field.required(Field.text)),
  provisioningDomainId: Field.readOnly(Field.required(SharedEntityIds.OrganizationId)),
  externalId: Field.readOnly(Field.required(Field.text)),
  externalIdKey: Field.sensitive(Field.required(Field.text)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  profile: Field.readOnly(Field.required(Field.envelope, Field.text)),
  deletedAt: Field.readOnly(Field.required(...Field.timestamp)),
}) {}
