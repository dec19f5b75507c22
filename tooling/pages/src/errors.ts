/** The page of errors, from the catalogue of their codes. */
import { errorFamilies as ofTheCommand } from "@beep/iam-cli";
import type { ErrorCatalogue } from "@beep/iam-domain";
import { errorFamilies } from "@beep/iam-server";
import { table } from "./table.ts";

const families: ReadonlyArray<ErrorCatalogue.Family> = [...errorFamilies, ...ofTheCommand];

type Entry = readonly [code: string, explanation: ErrorCatalogue.Explanation];

const entriesOf = ({ codes }: ErrorCatalogue.Family, unused: boolean): ReadonlyArray<Entry> =>
  Object.entries(codes).filter(([, explanation]) => (explanation.unused ?? false) === unused);

const used = families.filter((family) => entriesOf(family, false).length > 0);

const section = (family: ErrorCatalogue.Family): ReadonlyArray<string> => {
  const entries = entriesOf(family, false);
  const hasStatus = entries.some(([, { statuses }]) => statuses.length > 0);
  return [
    "",
    `## ${family.title}`,
    "",
    family.says,
    "",
    ...table(
      ["code", ...(hasStatus ? ["status"] : []), "cause", "what to do"],
      entries.map(([code, { statuses, cause, remedy }]) => [
        `\`${code}\``,
        ...(hasStatus ? [statuses.join(", ")] : []),
        cause,
        remedy,
      ]),
    ),
  ];
};

/** As GitHub makes it from a title. */
const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");

const NEVER = "Declared by Better Auth and never answered here";

/** The page. */
export const errors: ReadonlyArray<string> = [
  "# Errors",
  "",
  "Every error has a code that stays the same; its texts may change. In a program it is the `code` of a tagged error, over",
  "HTTP that of a problem (RFC 9457), and for the command it is what stands in brackets at the end of its line. A browser's",
  "search finds a code; the families are:",
  "",
  ...[...used.map(({ title }) => title), NEVER].map((title) => `- [${title}](#${anchor(title)})`),
  "",
  "`ErrorCatalogue` of `@beep/iam-domain` has what stands here, for programs that tell it to their users. Every key of the",
  "configuration is [on a page of its own](configuration.md).",
  ...used.flatMap(section),
  "",
  `## ${NEVER}`,
  "",
  "Because of how it is composed here.",
  "",
  ...table(
    ["code", "why"],
    families.flatMap((family) => entriesOf(family, true)).map(([code, { cause }]) => [`\`${code}\``, cause]),
  ),
];
