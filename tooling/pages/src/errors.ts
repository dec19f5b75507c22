/** The page of errors, from the catalogue of their codes. */
import { errorFamily } from "@beep/iam-cli";
import type { ErrorCatalogue } from "@beep/iam-domain";
import { errorFamilies } from "@beep/iam-server";
import { table } from "./table.ts";

const families: ReadonlyArray<ErrorCatalogue.Family> = [...errorFamilies, errorFamily];

const section = ({ title, says, codes }: ErrorCatalogue.Family): ReadonlyArray<string> => {
  const entries = Object.entries(codes);
  const hasStatus = entries.some(([, { statuses }]) => statuses.length > 0);
  return [
    "",
    `## ${title}`,
    "",
    says,
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

/** The page. */
export const errors: ReadonlyArray<string> = [
  "# Errors",
  "",
  "Every error has a code that stays the same; its texts may change. In a program it is the `code` of a tagged error, over",
  "HTTP that of a problem (RFC 9457), and of the command what stands in brackets at the end of its line.",
  "",
  "`ErrorCatalogue` of `@beep/iam-domain` has what stands here, for programs that tell it to their users.",
  ...families.flatMap(section),
];
