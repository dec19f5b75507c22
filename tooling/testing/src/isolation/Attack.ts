/** What is tried, by whom, and how it must end. */

/** In whose name. */
export type Actor =
  | { readonly _tag: "Tenant"; readonly organization: string; readonly who: string }
  /** The tenant role without a tenant: the setting is left as it is, or emptied. */
  | { readonly _tag: "Nowhere"; readonly setting: "untouched" | "empty" }
  /** The application's login, outside every scope. */
  | { readonly _tag: "Login" }
  /** The login that owns the table. */
  | { readonly _tag: "Owner"; readonly role: string }
  | { readonly _tag: "Service" };

/** How it must end. */
export type Expected =
  /** No row is touched; or it is refused by one of these states. */
  | { readonly _tag: "Nothing"; readonly states: ReadonlyArray<string> }
  /** It is refused by one of these states: to find nothing is not enough. */
  | { readonly _tag: "Refused"; readonly states: ReadonlyArray<string> }
  /** It is granted, and touches so many rows at least. */
  | { readonly _tag: "Granted"; readonly rows: number };

/** One thing that somebody tries; where it must be granted, a right. */
export interface Attack {
  readonly table: string;
  readonly what: string;
  readonly actor: Actor;
  /** One statement, which touches a row exactly where it succeeds. */
  readonly statement: string;
  readonly expected: Expected;
  /** What an administrator does before: a first line of defence that is taken away, so that the second must hold. */
  readonly given?: ReadonlyArray<string>;
}

/** That no row is touched, or that it is refused by one of these states. */
export const nothing = (...states: ReadonlyArray<string>): Expected => ({ _tag: "Nothing", states });

/** That it is refused by one of these states. */
export const refused = (...states: ReadonlyArray<string>): Expected => ({ _tag: "Refused", states });

/** That it is granted. */
export const granted = (rows = 1): Expected => ({ _tag: "Granted", rows });

/** What somebody tries with a table. */
export const tries =
  (table: string, actor: Actor) =>
  (what: string, statement: string, expected: Expected): Attack => ({ table, what, actor, statement, expected });
