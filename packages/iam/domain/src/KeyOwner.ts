/**
 * Whose a data key is. What is sealed belongs to an owner, and is read by nobody any more once the owner's key is destroyed:
 * so a secret of a user is the user's, what an organization configured is the organization's, and what is neither's is the
 * installation's.
 */
import { Field, type SharedEntityIds } from "@beep/shared-domain";
import * as Schema from "effect/Schema";

/** The form of a kind of owner: also the check of its column. */
export const typePattern = "^[a-z][a-z0-9-]{0,62}$";

/** The kind of an owner. `installation`, `organization` and `user` are known here; an application may have others. */
export const Type = Schema.String.check(
  Schema.isPattern(new RegExp(typePattern), { expected: "a word of small letters, digits and hyphens" }),
);

/** Which one: its TypeID, as text and without a foreign key, because the key's row outlives its owner. */
export const Id = Field.text;

/** An owner. */
export const KeyOwner = Schema.Struct({ type: Type, id: Id });
export type KeyOwner = typeof KeyOwner.Type;

/** The installation itself: there is one, so that its id says nothing. Its key is never destroyed. */
export const installation: KeyOwner = { type: "installation", id: "" };

export const organization = (id: SharedEntityIds.OrganizationId): KeyOwner => ({ type: "organization", id });

export const user = (id: SharedEntityIds.UserId): KeyOwner => ({ type: "user", id });

/** Whether an owner is the installation. */
export const isInstallation = (owner: KeyOwner): boolean => owner.type === installation.type;

/** One text for each owner, to look it up by: a type has no colon. */
export const text = (owner: KeyOwner): string => (owner.id === "" ? owner.type : `${owner.type}:${owner.id}`);
