/** Flags that several commands have. */
import * as Flag from "effect/cli/Flag";
import * as Duration from "effect/Duration";
import * as Option from "effect/Option";
import * as Schema from "effect/Schema";

/** For programs, instead of words and tables. */
export const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print JSON"),
  Flag.withDefault(false),
  Flag.withoutNegation,
);

/** What a column for whole numbers holds. */
const MOST = 2 ** 31 - 1;

/** A whole number from one to another. */
export const whole = (
  name: string,
  { minimum, maximum = MOST }: { readonly minimum: number; readonly maximum?: number },
) => Flag.Int(name).pipe(Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum, maximum }))));

/** A part of a list. */
export const page = {
  limit: whole("limit", { minimum: 1, maximum: 1000 }).pipe(
    Flag.withDescription("How many to show (50)"),
    Flag.withDefault(50),
  ),
  offset: whole("offset", { minimum: 0 }).pipe(Flag.withDescription("How many to pass over (0)"), Flag.withDefault(0)),
};

/** A number of things. */
export const count = (name: string) => whole(name, { minimum: 1 });

/** In whose name. */
export const as = (unlessStated: string) =>
  Flag.String("as").pipe(
    Flag.withMetavar("user"),
    Flag.withDescription(`In whose name (${unlessStated})`),
    Flag.optional,
  );

const OneSecondOrMore = Schema.DurationFromString.check(
  Schema.makeFilter(Duration.isGreaterThanOrEqualTo(Duration.seconds(1)), { expected: "a second or more" }),
);

/** A length of time, as whole seconds. */
export const seconds = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.withSchema(OneSecondOrMore),
    Flag.map((duration) => Math.round(Duration.toSeconds(duration))),
    Flag.withMetavar("duration"),
    Flag.withDescription(description),
    Flag.optional,
  );

/** What is stated of some options. */
export const stated = <Values extends Readonly<Record<string, Option.Option<unknown>>>>(values: Values) =>
  // `fromEntries` knows no names.
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (Option.isSome(value) ? [[name, value.value]] : [])),
  ) as { readonly [Name in keyof Values]?: Option.Option.Value<Values[Name]> };
