/** What a tenant may see of tables that state a policy of their own: said again, so that the policy can be wrong. */

/** What a tenant may see of a table. */
export interface OwnPolicy {
  /** The SQL names of the columns. All others must stay hidden. */
  readonly columns: ReadonlyArray<string>;
  /**
   * The rows, as a condition of SQL; the argument is the tenant's organization as SQL writes it. It is asked under no
   * row security.
   */
  readonly rows: (organization: string) => string;
  /** Whether the tenant role sees rows without a tenant too, as under a policy that is true for everybody. */
  readonly withoutTenant?: boolean | undefined;
}

/** By the table's name. */
export type OwnPolicies = Readonly<Record<string, OwnPolicy>>;

const ofOrganization = (organization: string): string => `organization_id = ${organization}`;

/** What a tenant may see of the tables of the identity services. */
export const ours: OwnPolicies = {
  iam_organizations: {
    columns: ["id", "name", "slug", "logo", "metadata", "suspended_at", "created_at", "updated_at", "version"],
    rows: (organization) => `id = ${organization}`,
  },
  iam_policy_revisions: {
    columns: ["organization_id", "revision"],
    rows: (organization) => `${ofOrganization(organization)} or organization_id is null`,
    withoutTenant: true,
  },
  iam_relation_nestings: {
    columns: [
      "organization_id",
      "application_id",
      "outer_type",
      "outer_id",
      "outer_relation",
      "inner_type",
      "inner_id",
      "inner_relation",
      "expires_at",
    ],
    rows: ofOrganization,
  },
  iam_relations: {
    columns: [
      "organization_id",
      "application_id",
      "object_type",
      "object_id",
      "relation",
      "subject_relation",
      "subject_type",
      "subject_id",
      "condition",
      "context",
      "expires_at",
      "created_at",
    ],
    rows: ofOrganization,
  },
  iam_users: {
    columns: ["id", "name", "email", "image"],
    rows: (organization) => `id in (select user_id from iam_members where organization_id = ${organization})`,
  },
};
