/** What a doctor found, to be read by a person. */
import { Findings } from "@beep/iam-domain";

const INDENT = "  ";

/** The findings by subject, each with its code and remedy, in lines of a width. */
export const report = (findings: ReadonlyArray<Findings.Finding>, width: number): string => {
  if (findings.length === 0) return "Everything is in order.";
  const sections = Findings.subjects.flatMap((subject) => {
    const own = findings.filter(({ code }) => Findings.subjectOf(code) === subject);
    if (own.length === 0) return [];
    const title = subject.charAt(0).toUpperCase() + subject.slice(1);
    return [[title, ...own.map((finding) => describe(finding, width))].join("\n\n")];
  });
  const errors = findings.filter(({ severity }) => severity === "error").length;
  return [...sections, `${count(errors, "error")}, ${count(findings.length - errors, "warning")}.`].join("\n\n");
};

const describe = ({ code, message, remedy, severity }: Findings.Finding, width: number): string =>
  [
    `${INDENT}${severity} [${code}]`,
    ...wrapped(message, width, `${INDENT}${INDENT}`, `${INDENT}${INDENT}`),
    ...wrapped(remedy, width, `${INDENT}→ `, `${INDENT}${INDENT}`),
  ].join("\n");

/** A word that is longer than a line, a path or a statement's, stays whole: it is there to be copied. */
const wrapped = (text: string, width: number, first: string, others: string): ReadonlyArray<string> => {
  const lines: Array<string> = [];
  let line = first;
  for (const word of text.split(/\s+/)) {
    const begun = line.length > others.length;
    if (begun && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${others}${word}`;
    } else line += begun ? ` ${word}` : word;
  }
  return [...lines, line];
};

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;
