/**
 * Where a list goes on: the key of the last thing that was shown. It names the list, its order and its organization, so
 * that one of another is refused, and does not begin somewhere in silence. It is no secret and grants nothing: what a
 * page shows is decided anew.
 */
import type { EntityId } from "@beep/shared-domain";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";
import { CursorInvalid } from "./Problems.ts";

/** The orders of a list: the earliest first, or the latest. Ids are made in ascending order. */
export const Order = Schema.Literals(["oldest", "newest"]);
export type Order = typeof Order.Type;

/** Which list it is, in which order. */
export interface Of {
  /** What is listed, and of what: `members`, `team members of team_…`. */
  readonly list: string;
  /** Whose list: an organization's, or a user's. */
  readonly owner: string;
  readonly order: Order;
}

const Content = Schema.StringFromBase64Url.pipe(
  Schema.decodeTo(
    Schema.fromJsonString(
      Schema.Struct({ list: Schema.String, owner: Schema.String, order: Order, after: Schema.String }),
    ),
  ),
);

const decode = Schema.decodeUnknownOption(Content);
const encode = Schema.encodeSync(Content);

/** The cursor behind which the rest of a list begins. */
export const make = ({ list, order, owner }: Of, after: string): string => encode({ list, owner, order, after });

/**
 * The id behind which a list goes on; nothing where it begins.
 *
 * @param Id the ids of what is listed
 */
export const read = (
  of: Of,
  Id: EntityId.Any,
  cursor: string | undefined,
): Effect.Effect<Option.Option<string>, CursorInvalid> => {
  if (cursor === undefined) return Effect.succeedNone;
  const content = Option.filter(
    decode(cursor),
    ({ after, list, order, owner }) => list === of.list && order === of.order && owner === of.owner && Id.is(after),
  );
  return Option.match(content, {
    onNone: () => Effect.fail(new CursorInvalid()),
    onSome: ({ after }) => Effect.succeedSome(after),
  });
};
