/** The major versions of PostgreSQL that the tests run on: the one that is meant, and the oldest that is supported. */
export type Major = 15 | 18;

/** Both, the one that every run needs first. */
export const majors: ReadonlyArray<Major> = [18, 15];
