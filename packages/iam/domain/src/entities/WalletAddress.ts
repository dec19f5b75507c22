import { Field, IamEntityIds, Row, SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";
import * as VariantModel from "effect/schema/Model";

/** An Ethereum account by which a user signs in (EIP-4361), on one chain. */
export class Model extends VariantModel.Class<Model>("WalletAddress")({
  ...Row.entity(IamEntityIds.WalletAddressId),
  userId: Field.readOnly(Field.required(SharedEntityIds.UserId)),
  /** In the mixed case that carries its checksum (EIP-55). */
  address: Field.readOnly(Field.required(Field.text)),
  chainId: Field.readOnly(Field.required(Field.integer)),
  isPrimary: Field.readOnly(Field.defaulted(Schema.Boolean)),
}) {}
