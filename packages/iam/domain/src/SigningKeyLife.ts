/**
 * The life of the keys by which tokens are signed. A key is published before it signs, for longer than anybody remembers
 * which keys are published; then it signs, until the next one does; and it stays published until the last token that it
 * signed has ended. A key that is revoked is gone at once.
 *
 * The keys follow each other without a gap: where one retires the next activates. Only the newest has no end yet.
 */

/** How long a token lives at most, in seconds. Nothing that signs is asked for longer ones: a key is published that long after it retired. */
export const LONGEST_TOKEN = 24 * 60 * 60;

/** By how much clocks may differ, in milliseconds. */
const CLOCKS_DIFFER = 5 * 60 * 1_000;

/** How long a key is published after it retired, in milliseconds. */
export const KEPT = LONGEST_TOKEN * 1_000 + CLOCKS_DIFFER;

/** What is known of a key's life. */
export interface Times {
  /** From when on it signs. */
  readonly activatesAt: Date;
  /** When it signs no more; nothing until there is another one. */
  readonly retiresAt: Date | null;
  /** When it is published no more. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

/** How long each part of a life is, in milliseconds. A key is published before no longer than one signs. */
export interface Plan {
  readonly published: number;
  readonly signs: number;
}

/** What a key is at a time. */
export type State = "published" | "signing" | "retired" | "expired" | "revoked";

const isBefore = (now: number, end: Date | null): boolean => end === null || now < end.getTime();

/**
 * What a key is.
 *
 * @param now in milliseconds since 1970, here and in all that follows
 */
export const stateOf = (key: Times, now: number): State => {
  if (key.revokedAt !== null) return "revoked";
  if (isBefore(now, key.activatesAt)) return "published";
  if (isBefore(now, key.retiresAt)) return "signing";
  return isBefore(now, key.expiresAt) ? "retired" : "expired";
};

/** Whether whoever verifies is given it. */
export const isPublished = (key: Times, now: number): boolean => key.revokedAt === null && isBefore(now, key.expiresAt);

/** Whether nothing that it signed lives any more, revoked or not. */
export const isOver = (key: Times, now: number): boolean =>
  !isBefore(now, key.expiresAt) || (key.revokedAt !== null && now >= key.revokedAt.getTime() + KEPT);

/**
 * The key that signs: of those that are not over the one that activates first. Where another process has a clock that is
 * ahead, and made the only key there is, it signs here too, although here it activates later.
 */
export const signer = <Key extends Times>(keys: ReadonlyArray<Key>, now: number): Key | undefined =>
  keys
    .filter(({ retiresAt, revokedAt }) => revokedAt === null && isBefore(now, retiresAt))
    .toSorted((a, b) => a.activatesAt.getTime() - b.activatesAt.getTime())[0];

/** The key after which there is none yet. */
export const newest = <Key extends Times>(keys: ReadonlyArray<Key>): Key | undefined =>
  keys.find(({ retiresAt, revokedAt }) => retiresAt === null && revokedAt === null);

/** When the next key must be made, in milliseconds since 1970: early enough to be published as long as is planned. */
export const nextDue = (keys: ReadonlyArray<Times>, { published, signs }: Plan): number => {
  const last = newest(keys);
  return last === undefined ? Number.NEGATIVE_INFINITY : last.activatesAt.getTime() + signs - published;
};

/** What another key does. */
export interface Succession<Key> {
  /** From when on it signs. */
  readonly activatesAt: Date;
  /** What is to be written of the key before it. */
  readonly before: { readonly key: Key; readonly retiresAt: Date; readonly expiresAt: Date } | undefined;
}

/**
 * What a key that is made now does. The first one signs at once; any other when it has been published for long enough, and
 * if it is made before it is due, then as soon as that.
 */
export const succession = <Key extends Times>(keys: ReadonlyArray<Key>, now: number, plan: Plan): Succession<Key> => {
  const key = newest(keys);
  if (key === undefined) return { activatesAt: new Date(now), before: undefined };
  const isEarly = now < nextDue(keys, plan);
  const planned = isEarly ? 0 : key.activatesAt.getTime() + plan.signs;
  const activatesAt = new Date(Math.max(planned, now + plan.published));
  return { activatesAt, before: { key, retiresAt: activatesAt, expiresAt: new Date(activatesAt.getTime() + KEPT) } };
};

/** What is to be written of a key. */
export interface Change<Key> {
  readonly key: Key;
  readonly times: Partial<Times>;
}

/**
 * What revoking a key does. Where it signs, the next one signs at once, if it is published already; where it was to sign
 * next, the one before it goes on. If afterwards none signs, one has to be made at once.
 */
export const revocation = <Key extends Times>(
  keys: ReadonlyArray<Key>,
  key: Key,
  now: number,
): ReadonlyArray<Change<Key>> => {
  const others = keys.filter((other) => other !== key);
  const revoked: Change<Key> = { key, times: { revokedAt: new Date(now) } };
  if (signer(keys, now) === key) {
    const next = signer(others, now);
    return next === undefined || next.activatesAt.getTime() <= now
      ? [revoked]
      : [revoked, { key: next, times: { activatesAt: new Date(now) } }];
  }
  const before = signer(others, now);
  return before !== undefined && newest(keys) === key
    ? [revoked, { key: before, times: { retiresAt: null, expiresAt: null } }]
    : [revoked];
};

/** How long the list of keys may be remembered by who verifies, in seconds: for less than a key is published before it signs. */
export const maxAge = ({ published }: Plan): number => Math.min(300, Math.floor(published / 2_000));
