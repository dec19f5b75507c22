/** Where the tables are not what migrating makes, in findings. Other people's tables are none of our business. */
import type { Catalogue } from "@beep/db-admin";
import type { Findings } from "@beep/iam-domain";
import { error, warning } from "./finding.ts";

/** The roles that see rows by a policy, so that one more for them shows more. */
const SEEING = /\bto (?:[^()]*, )?(?:public|iam_tenant|iam_service|the application's login)\b/;

/** What to do about what the step that hardens tables puts right. */
export const MIGRATE = "Run `iam migrate`: it puts that right, and changes no row.";

/**
 * Findings of what differs.
 *
 * @param options.trusted logins and roles that may take `iam_service` anyway, so that no privilege gives them more
 */
export const findings = (
  differences: ReadonlyArray<Catalogue.Difference>,
  options: { readonly expected: Catalogue.Catalogue; readonly trusted: ReadonlySet<string> },
): ReadonlyArray<Findings.Finding> => {
  const tables = new Set([...options.expected.values()].flatMap(({ table }) => table ?? []));
  const gone = new Set(
    differences
      .filter(({ found, object }) => found === undefined && object.startsWith("table "))
      .map(({ object }) => object),
  );
  // Tables that the application's login owns are found by it; the privileges of an owner need no grant.
  const taken = new Set(
    differences
      .filter(({ found }) => found?.definition.startsWith("of the application's login,"))
      .map(({ object }) => object),
  );
  return (
    differences
      .filter((difference) => isOurs(difference, tables, options.expected))
      .filter(
        ({ expected, object }) =>
          !taken.has(object) &&
          !(taken.has(`table ${expected?.table}`) && object.startsWith("privileges of the application's login ")),
      )
      // What stood on a table that is missing goes without saying.
      .filter(({ expected, object }) => gone.has(object) || !gone.has(`table ${expected?.table}`))
      .flatMap((difference) => explain(difference, options.trusted))
  );
};

const isOurs = (
  { expected, found, object }: Catalogue.Difference,
  tables: ReadonlySet<string>,
  all: Catalogue.Catalogue,
): boolean => {
  const table = expected?.table ?? found?.table;
  if (table !== undefined) return tables.has(table);
  // Who may run a function matters where it runs under its owner's rights.
  const granted = /^privileges of .*? on (function iam_.*)$/s.exec(object)?.[1];
  if (granted !== undefined) return all.get(granted)?.definition.includes("SECURITY DEFINER") === true;
  // Who owns a schema, and who else uses it, is the server's owner's to say; drizzle's is made by migrating. Functions
  // of triggers run without anybody's privilege.
  return expected !== undefined && (!/\b(?:schema|on function) /.test(object) || / on schema drizzle$/.test(object));
};

const explain = (difference: Catalogue.Difference, trusted: ReadonlySet<string>): ReadonlyArray<Findings.Finding> => {
  const { expected, found, object } = difference;
  const [kind = ""] = object.split(" ", 1);
  if (kind === "privileges") return privileges(difference, trusted);
  // The functions of the row triggers; an application's own are its migrations' to make.
  const ours =
    kind === "row" ||
    kind === "part" ||
    object.startsWith("function iam_") ||
    (kind === "trigger" && expected !== undefined);
  if (ours || (kind === "policy" && withoutComment(expected) === withoutComment(found))) {
    return [error("HARDENING_MISSING", `${found === undefined ? "Missing" : "Changed"}: ${object}.`, MIGRATE)];
  }
  if (kind === "policy") return policy(difference);
  const usable = found?.definition.replace(/ unusable$/, "");
  if (kind === "index" && usable !== found?.definition && (expected === undefined || usable === expected.definition)) {
    return [
      error(
        "INDEX_INVALID",
        `The ${object} is invalid: no query uses it, and if it is unique it may let duplicates in.`,
        `reindex index concurrently ${object.slice("index ".length)}; where it is a left-over, drop it.`,
      ),
    ];
  }
  if (expected === undefined) {
    return [
      warning(
        "SCHEMA_UNEXPECTED",
        `Somebody else added to a table of ours: ${object} (${found?.definition}).`,
        "Drop it, or move it to a table of your own: a later version may bring another of that name.",
      ),
    ];
  }
  return found === undefined
    ? [error("SCHEMA_MISSING", `Missing: ${object}.`, `Restore it as it was: ${expected.definition}`)]
    : [
        error(
          "SCHEMA_ALTERED",
          `Changed: ${object} is ${found.definition}`,
          `Make it again what it was: ${expected.definition}`,
        ),
      ];
};

const withoutComment = (entry: Catalogue.Entry | undefined): string | undefined =>
  entry?.definition.replace(/ comment .*$/s, "");

const policy = ({ expected, found, object }: Catalogue.Difference): ReadonlyArray<Findings.Finding> => {
  if (expected === undefined) {
    const make =
      found !== undefined && /^permissive/.test(found.definition) && SEEING.test(found.definition) ? error : warning;
    return [make("POLICY_CHANGED", `Somebody else added the ${object}: ${found?.definition}`, `drop ${object}`)];
  }
  const restore = `Restore it: create ${object} as ${expected.definition.replace(/ comment .*$/s, "")}`;
  return found === undefined
    ? [error("POLICY_CHANGED", `The ${object} is missing.`, restore)]
    : [
        error(
          "POLICY_CHANGED",
          `The ${object} was changed, and may keep tenants apart no longer: ${found.definition}`,
          `drop ${object}; ${restore}`,
        ),
      ];
};

const privileges = (
  { expected, found, object }: Catalogue.Difference,
  trusted: ReadonlySet<string>,
): ReadonlyArray<Findings.Finding> => {
  const [, grantee = "", on = ""] = /^privileges of (.*?) on (.*)$/s.exec(object) ?? [];
  const [should = [], is = []] = [expected, found].map((entry) => entry?.definition.split(", "));
  const missing = should.filter((privilege) => !is.includes(privilege));
  const extra = is.filter((privilege) => !should.includes(privilege));
  return [
    ...(missing.length > 0
      ? [error("HARDENING_MISSING", `${grantee} lacks ${missing.join(", ")} on ${on}.`, MIGRATE)]
      : []),
    ...(extra.length > 0 && !trusted.has(grantee)
      ? [
          // Migrating revokes what is granted to these; what others were granted, it leaves.
          /^(?:public|iam_tenant|iam_service|the application's login)$/.test(grantee)
            ? error("PRIVILEGES_EXTRA", `${grantee} has ${extra.join(", ")} on ${on}, which nobody needs.`, MIGRATE)
            : warning(
                "PRIVILEGES_EXTRA",
                `The role ${grantee} has ${extra.join(", ")} on ${on}, which the services do not need.`,
                `revoke all on ${on} from ${grantee}`,
              ),
        ]
      : []),
  ];
};
