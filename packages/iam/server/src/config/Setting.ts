/** The keys of the configuration: each is a `Config` that also says what its page, and whoever misspells it, is told. */
import * as Config from "effect/Config";
import type * as Option from "effect/Option";

/** What the page says of a key. */
export interface Entry {
  readonly key: string;
  /** The values that it takes, in words. */
  readonly type: string;
  /** What counts where it is not set; nothing where it must be. */
  readonly fallback: string | undefined;
  /** What it does. */
  readonly says: string;
}

/** A key of the configuration, which is read like any `Config`. */
export interface Setting<out A> extends Config.Config<A> {
  readonly entry: Entry;
}

/** How a value is read under its key, as `Config.NonEmptyString` does it. */
type Read<A> = (key: string) => Config.Config<A>;

type Words = Pick<Entry, "type" | "says">;

/** A key that must be set. */
export const required = <A>(key: string, read: Read<A>, words: Words): Setting<A> =>
  Object.assign(read(key), { entry: { key, fallback: undefined, ...words } });

/**
 * A key that need not be set.
 *
 * @param words.value what counts where it is not
 * @param words.fallback that value as the page writes it, where it writes it otherwise
 */
export const withDefault = <const A>(
  key: string,
  read: Read<A>,
  { value, fallback = `\`${String(value)}\``, ...words }: Words & { readonly value: A; readonly fallback?: string },
): Setting<A> => Object.assign(Config.withDefault(read(key), value), { entry: { key, fallback, ...words } });

/**
 * A key without which something is done differently, or not at all.
 *
 * @param words.fallback what then counts
 */
export const optional = <A>(
  key: string,
  read: Read<A>,
  words: Words & { readonly fallback: string },
): Setting<Option.Option<A>> => Object.assign(Config.option(read(key)), { entry: { key, ...words } });
