/** What is said of an error code on the page of errors. */

/** What causes an error, and what to do. */
export interface Explanation {
  /** The HTTP statuses that it is answered with; none where it never is an answer. */
  readonly statuses: ReadonlyArray<number>;
  readonly cause: string;
  readonly remedy: string;
  /** That nothing here fails with it. */
  readonly unused?: true;
}

/** Codes that belong together: a section of the page. */
export interface Family {
  readonly title: string;
  /** What holds for all of them. */
  readonly says: string;
  readonly codes: Readonly<Record<string, Explanation>>;
}

/** An explanation of a code that is answered with a status, or with one of several. */
export const answered = (status: number | ReadonlyArray<number>, cause: string, remedy: string): Explanation => ({
  statuses: typeof status === "number" ? [status] : status,
  cause,
  remedy,
});

/** An explanation of a code that is no answer over HTTP. */
export const told = (cause: string, remedy: string): Explanation => ({ statuses: [], cause, remedy });

/** An explanation of a code that Better Auth declares, and does not use as it is composed here. */
export const unused = (why: string): Explanation => ({
  ...told(`Not answered here: ${why}.`, "Nothing is to be done."),
  unused: true,
});
