/** What the set-up of a test run hands to the processes that run the tests. */
import * as Redacted from "effect/Redacted";
import type { Major } from "./postgres/Major.ts";

/** A server that is there for the whole run. Its addresses are plain text, because they travel between processes. */
export interface ProvidedServer {
  readonly major: Major;
  readonly adminUrl: string;
  readonly ownerUrl: string;
  readonly appUrl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly postgresServers: ReadonlyArray<ProvidedServer>;
    /** The file with the image of the embedded database, migrated. */
    readonly embeddedImage: string;
    /** Whether PgBouncer can be started. */
    readonly pgBouncer: boolean;
  }
}

/** The address of another database on the same server, with the same login. */
export const inDatabase = (url: string, database: string): Redacted.Redacted => {
  const address = new URL(url);
  address.pathname = `/${database}`;
  return Redacted.make(address.href);
};
