import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** A user as one directory describes it (RFC 7643, section 4.1). */
export class Model extends VariantModel.Class<Model>("ScimUser")({
  ...Row.entity(IamEntityIds.ScimUserId),
  connectionId: Field.readOnly(Field.required(Field.text)),
  provisioningDomainId: Field.readOnly(Field.required(SharedEntityIds.OrganizationId)),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  connectionUserKey: Field.sensitive(Field.required(Field.text)),
  userName: Field.readOnly(Field.required(Field.text)),
  userNameKey: Field.sensitive(Field.required(Field.text)),
  primaryEmail: Field.readOnly(Field.required(Field.text)),
  workEmailValueIndex: Field.sensitive(Field.required(Field.text)),
  emailValueIndex: Field.sensitive(Field.required(Field.text)),
  displayName: Field.readOnly(Field.required(Field.text)),
  formattedName: Field.readOnly(Field.required(Field.text)),
  givenName: Field.readOnly(Field.nullable(Field.text)),
  familyName: Field.readOnly(Field.nullable(Field.text)),
  serializedEmails: Field.sensitive(Field.required(Field.text)),
  serializedAttributes: Field.sensitive(Field.nullable(Field.text)),
  externalId: Field.readOnly(Field.nullable(Field.text)),
  externalIdKey: Field.sensitive(Field.nullable(Field.text)),
  active: Field.readOnly(Field.required(Schema.Boolean)),
  orderKey: Field.sensitive(Field.required(Field.text)),
}) {}
