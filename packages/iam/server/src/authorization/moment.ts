/** As of which moment something is true: by how often policy was changed until then. */
import type { PgClient } from "@effect/sql-pg/PgClient";
import type { Fragment } from "effect/sql/Statement";

/** How often the policy of the organization was changed, and what holds for all. */
export interface Moment {
  readonly own: bigint;
  readonly common: bigint;
}

/** Both numbers only rise, and so does their sum: of two moments the later one has the greater. */
export const revisionOf = ({ common, own }: Moment): bigint => own + common;

/** How often that was changed which holds for all, as SQL. */
export const common = "coalesce((select revision from iam_policy_revisions where organization_id is null), 0)";

/** The columns of a moment, of an organization that a parameter of a statement's text names. */
export const columns = (organization: string): string =>
  `coalesce((select revision from iam_policy_revisions where organization_id = ${organization}), 0) as own, ${common} as common`;

/** The same for a statement that is built. */
export const selected = (client: PgClient, organizationId: string): Fragment => {
  const [before = "", after = ""] = columns("|").split("|");
  return client`${client.literal(before)}${organizationId}${client.literal(after)}`;
};
