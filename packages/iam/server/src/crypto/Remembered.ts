/** A memory of bounded size: what was used longest ago is forgotten first. */

/** Values by texts. */
export interface Remembered<A> {
  readonly get: (key: string) => A | undefined;
  readonly set: (key: string, value: A) => void;
}

/** Remembers so many. */
export const make = <A>(capacity: number): Remembered<A> => {
  // A map gives its keys in the order in which they were set.
  const values = new Map<string, A>();
  const set = (key: string, value: A) => {
    values.delete(key);
    values.set(key, value);
    if (values.size <= capacity) return;
    for (const oldest of values.keys()) {
      values.delete(oldest);
      return;
    }
  };
  return {
    get: (key) => {
      const value = values.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
  };
};
