/** Values in envelopes: each is bound to its owner and its place, which are authenticated with it. */
import type { KeyObject } from "node:crypto";
import type { KeyOwner } from "@beep/iam-domain";
import { Envelope, type IamEntityIds } from "@beep/shared-domain";
import * as aesGcm from "./aesGcm.ts";
import { associated } from "./associated.ts";

/** Where a sealed value stands, by the names that the database has; the row by its TypeID. */
export interface Place {
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** What a value is sealed for. */
export interface Bound {
  readonly owner: KeyOwner.KeyOwner;
  readonly place: Place;
}

/** The header has the form's version, and the key. */
const associatedWith = (dataKey: IamEntityIds.DataKeyId, { owner, place }: Bound): Buffer =>
  associated(Envelope.header(dataKey), owner.type, owner.id, place.table, place.row, place.column);

/** An envelope with a value. */
export const seal = (dataKey: IamEntityIds.DataKeyId, key: KeyObject, bound: Bound, value: Uint8Array): string =>
  Envelope.make(dataKey, aesGcm.seal(key, value, associatedWith(dataKey, bound)));

/** The value in an envelope; nothing, where anything is not as it was sealed. */
export const open = (
  { dataKey, sealed }: { readonly dataKey: IamEntityIds.DataKeyId; readonly sealed: string },
  key: KeyObject,
  bound: Bound,
): Buffer | undefined => aesGcm.open(key, sealed, associatedWith(dataKey, bound));
