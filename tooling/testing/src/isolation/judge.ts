/** Which tables are kept apart, and how: by the rule, from the catalogue. */
import type { OwnPolicies } from "./OwnPolicies.ts";
import type { Relation } from "./relations.ts";

/** How a table, or what runs under its owner's rights, may be kept from other tenants. */
export const kinds = [
  "kept apart",
  "a policy of its own",
  "a view of what its reader may see",
  "closed to tenants",
  "a function closed to tenants",
] as const;

/** One of the ways. */
export type Kind = (typeof kinds)[number];

/** Which way it is; or what is wrong, and what to do. */
export type Judgement =
  | { readonly _tag: "Kept"; readonly kind: Kind }
  | { readonly _tag: "Wrong"; readonly says: string; readonly remedy: string };

const kept = (kind: Kind): Judgement => ({ _tag: "Kept", kind });

const wrong = (
  says: string,
  remedy = "Make it with OrgTable.make, or revoke what iam_tenant and public may do.",
): Judgement => ({
  _tag: "Wrong",
  says,
  remedy,
});

/** Judges a table. `isolated` is the policy that keeps tenants apart, as the catalogue has it. */
export const judge = (relation: Relation, isolated: ReadonlyArray<string>, ownPolicies: OwnPolicies): Judgement => {
  const { forced, hasOrganization, isInvokers, isView, name, policies, privileges, readable, secured, writable } =
    relation;
  if (privileges.length === 0 && readable.length === 0 && writable.length === 0) return kept("closed to tenants");
  // Under the rights of who asks it, it shows what the tables below it show, each of which is judged by itself.
  if (isView && isInvokers) return kept("a view of what its reader may see");
  if (isView) {
    return wrong(
      "tenants may read a view, which reads under its owner's rights",
      "Make it with (security_invoker), or revoke what iam_tenant and public may do.",
    );
  }
  const own = ownPolicies[name];
  if (!secured) return wrong("tenants have privileges, and there is no row security");
  if (!forced) return wrong("tenants have privileges, and row security is not forced");
  if (own !== undefined) {
    const remedy = `Correct the policy, its columns, or what ownPolicies expects of ${name}.`;
    if (privileges.length > 0 || writable.length > 0) return wrong("tenants may do more than read columns", remedy);
    if (readable.join() !== own.columns.toSorted().join())
      return wrong(`tenants may read ${readable.join(", ")}`, remedy);
    return policies.length === 1 ? kept("a policy of its own") : wrong("there is not one policy for tenants", remedy);
  }
  if (policies.length === 1 && policies[0]?.startsWith("iam_tenant_reads r ") === true) {
    return wrong(
      "it states a policy of its own, of which nothing is expected",
      `Say in ownPolicies which columns and rows of ${name} a tenant may see.`,
    );
  }
  if (!hasOrganization) return wrong("tenants have privileges, and it has no organization_id");
  if (policies.join() !== isolated.join())
    return wrong("the policies for tenants are not the one that keeps them apart");
  return kept("kept apart");
};
