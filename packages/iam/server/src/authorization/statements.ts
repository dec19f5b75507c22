/** Statements that ask compiled questions: of one object, or of many. They say as of which moment the answers are. */
import type { Compiled } from "./compile.ts";
import * as Moment from "./moment.ts";

/** What every answer is as of: parts of a statement whose first parameter is the organization. */
const moment = Moment.columns("$1");

const space = { organization: "$1", application: "$2" };

/** What a statement gives. */
export interface Row extends Moment.Moment {
  /** In the order of what was asked. */
  readonly permitted: ReadonlyArray<boolean>;
}

/** Asks of one object: its id is the fourth parameter, the subject's the third. */
export const one = (compiled: Compiled): string =>
  // A condition that asks for neither would leave their types open.
  `select array[${compiled({ ...space, subject: "$3::text", object: "$4::text" })}] as permitted, ${moment}
  where $2::uuid is not null and $3::text is not null and $4::text is not null`;

/** Questions of one kind: of one subject, or of one for each object. */
export interface Kind {
  readonly compiled: Compiled;
  readonly numbers: ReadonlyArray<number>;
  readonly objects: ReadonlyArray<string>;
  readonly subjects: ReadonlyArray<string>;
}

/** Asks of many objects. */
export const many = (
  kinds: ReadonlyArray<Kind>,
): { readonly text: string; readonly parameters: ReadonlyArray<unknown> } => {
  const parameters: Array<unknown> = [];
  const parameter = (value: unknown): string => `$${parameters.push(value) + 2}`;
  const parts = kinds.map(({ compiled, numbers, objects, subjects }) => {
    const rows = `unnest(${parameter(numbers)}::int[], ${parameter(objects)}::text[]`;
    const [first] = subjects;
    // The groups of one subject are found once.
    if (subjects.every((subject) => subject === first)) {
      const subject = `${parameter(first)}::text`;
      return `select q.number, ${compiled({ ...space, subject, object: "q.object" })} as permitted
        from ${rows}) q (number, object) where ${subject} is not null`;
    }
    return `select q.number, ${compiled({ ...space, subject: "q.subject", object: "q.object" })} as permitted
      from ${rows}, ${parameter(subjects)}::text[]) q (number, object, subject)`;
  });
  const text = `select (select array_agg(a.permitted order by a.number) from (${parts.join(" union all ")}) a) as permitted,
    ${moment} where $2::uuid is not null`;
  return { text, parameters };
};
