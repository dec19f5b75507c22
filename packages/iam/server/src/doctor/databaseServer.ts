/** The server itself: whether it is one that the services can use. */
import type { Findings } from "@beep/iam-domain";
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import { isDirect } from "../db/server.ts";
import { error, warning } from "./finding.ts";
import { isLoopback } from "./loopback.ts";

/** As PostgreSQL writes version 15. */
const OLDEST = 150_000;

/** Clocks may differ by this many seconds: sessions and links end by either. */
const SKEW = 5;

interface Facts {
  readonly version: number;
  readonly version_name: string;
  readonly now: number;
  readonly encrypted: boolean;
  readonly connections: number;
}

// How many connections this login may have: the server's without those kept for others, or its own or the database's.
const facts = `
select current_setting('server_version_num')::int as version, current_setting('server_version') as version_name,
  extract(epoch from clock_timestamp())::float8 as now,
  coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
  least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0),
    nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1)
  ) as connections
from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()`;

/**
 * What is wrong with the server.
 *
 * @param client the application's login
 * @param settings.connections how many each pool may hold
 */
export const examineServer = Effect.fnUntraced(function* (
  client: PgClient,
  url: Redacted.Redacted,
  { connections, pooler }: { readonly connections: number; readonly pooler: "none" | "transaction" },
) {
  const findings: Array<Findings.Finding> = [];
  const before = yield* Clock.currentTimeMillis;
  const [fact] = yield* client.unsafe<Facts>(facts);
  const after = yield* Clock.currentTimeMillis;
  if (fact === undefined) return findings;
  if (fact.version < OLDEST) {
    return [
      error(
        "SERVER_TOO_OLD",
        `The server is PostgreSQL ${fact.version_name}; the services need 15 or later.`,
        "Upgrade it (pg_upgrade, or dump and restore).",
      ),
    ];
  }
  const skew = fact.now - (before + after) / 2000;
  // Between the two looks at this clock the server's may have been read at any time.
  if (Math.abs(skew) > SKEW + (after - before) / 2000) {
    findings.push(
      warning(
        "CLOCK_SKEW",
        `The server's clock is ${Math.abs(Math.round(skew))} seconds ${skew > 0 ? "ahead of" : "behind"} this machine's: sessions and links end early or late.`,
        "Let both machines keep their time by NTP.",
      ),
    );
  }
  const { hostname, searchParams } = new URL(Redacted.value(url));
  const host = searchParams.get("host") ?? hostname;
  if (!fact.encrypted && host !== "" && !host.startsWith("/") && !isLoopback(host)) {
    findings.push(
      warning(
        "DATABASE_WITHOUT_TLS",
        `The connection to ${host} has no TLS: what is in the database travels where others can read it.`,
        "Add ?sslmode=require to DATABASE_URL and IAM_MIGRATIONS_URL, and let the server offer TLS (ssl = on).",
      ),
    );
  }
  const pools = pooler === "none" ? 2 : 1;
  const needed = pools * connections;
  if (fact.connections < needed) {
    findings.push(
      error(
        "CONNECTIONS_TOO_FEW",
        `${pools === 2 ? "Two pools" : "A pool"} of ${connections} may need ${needed} connections, and this login may have ${fact.connections}.`,
        "Lower IAM_DATABASE_CONNECTIONS, or raise max_connections or the limit of the login or database.",
      ),
    );
  }
  if (pooler === "none" && !(yield* isDirect(url))) {
    findings.push(
      error(
        "POOLER_IN_BETWEEN",
        "Between this process and the server is a pooler that shares connections, like PgBouncer: no connection holds a " +
          "role, prepared statements may fail, and LISTEN hears nothing.",
        "Set IAM_DATABASE_POOLER=transaction, or put the server's own address into DATABASE_URL.",
      ),
    );
  }
  return findings;
});
