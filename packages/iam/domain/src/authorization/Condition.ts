/**
 * Conditions of a model: expressions of CEL over typed parameters. Their values come from the tuple and from the question,
 * the tuple's first. A condition without all of its parameters is not decided: it neither holds nor fails.
 */
import { Environment, type ParseResult } from "@marcbachmann/cel-js";
import * as Data from "effect/Data";
import * as Result from "effect/Result";
import ip from "ipaddr.js";
import { ConditionUndecided } from "./AuthorizationErrors.ts";

/** The types of parameters, as OpenFGA names them, in small letters. */
export const typeNames = [
  "any",
  "bool",
  "string",
  "int",
  "uint",
  "double",
  "duration",
  "timestamp",
  "map",
  "list",
  "ipaddress",
] as const;

/** The type of a parameter. */
export interface ParameterType {
  readonly name: (typeof typeNames)[number];
  /** Of the elements of a list, or of the values of a map. */
  readonly of: ParameterType | null;
}

/** A condition as a model has it. */
export interface Source {
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterType>>;
  readonly expression: string;
}

/** The parameters of a question. */
export type Context = Readonly<Record<string, unknown>>;

/** A condition that can be decided. */
export interface Condition extends Source {
  readonly decide: (...contexts: ReadonlyArray<Context>) => Result.Result<boolean, ConditionUndecided>;
}

/** An address of IPv4 or IPv6. */
class IpAddress {
  readonly parsed: ip.IPv4 | ip.IPv6;
  constructor(text: string) {
    this.parsed = ip.parse(text);
  }
  isIn(cidr: string): boolean {
    const [range, bits] = ip.parseCIDR(cidr);
    return range.kind() === this.parsed.kind() && this.parsed.match(range, bits);
  }
}

/** What conditions may use beside CEL's own. */
const base = new Environment({ unlistedVariablesAreDyn: false })
  .registerType("ipaddress", IpAddress)
  .registerFunction("ipaddress(string): ipaddress", (text: string) => new IpAddress(text))
  .registerFunction("ipaddress.in_cidr(string): bool", (address: IpAddress, cidr: string) => address.isIn(cidr));

const celType = ({ name, of }: ParameterType): string => {
  switch (name) {
    case "any":
      return "dyn";
    case "duration":
      return "google.protobuf.Duration";
    case "timestamp":
      return "google.protobuf.Timestamp";
    case "list":
      return `list<${of === null ? "dyn" : celType(of)}>`;
    case "map":
      return `map<string, ${of === null ? "dyn" : celType(of)}>`;
    default:
      return name;
  }
};

/** Values that CEL itself reads from text. */
const readers = new Environment({ unlistedVariablesAreDyn: true });
const read = {
  duration: readers.parse("duration(text)"),
  timestamp: readers.parse("timestamp(text)"),
  uint: readers.parse("uint(text)"),
};

const MAX_INT = 2n ** 63n;

/** That a value is none of its parameter's type. */
class Unfit extends Data.TaggedError("Unfit")<{ readonly message: string }> {}

/** A number of text says what it says, or is refused: never what a double makes of it. */
const exactDouble = (text: string): number => {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Unfit({ message: "no number that a double holds" });
  if (decimal(text) !== decimal(String(value))) throw new Unfit({ message: "not kept whole by a double" });
  return value;
};

/** A decimal number in one form: its digits, and the power of ten that they are multiplied by. */
const decimal = (text: string): string => {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] =
    /^\s*([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?\s*$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0";
  const power = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${sign === "-" ? "-" : ""}${significant}e${power}`;
};

const integer = (value: unknown): bigint => {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^[+-]?\d+$/.test(value)) return BigInt(value);
  throw new Unfit({ message: "no whole number" });
};

/** A value of a question or a tuple as CEL has it: the same conversions as OpenFGA's. */
const valueOf = ({ name, of }: ParameterType, value: unknown): unknown => {
  switch (name) {
    case "any":
      return dynamic(value);
    case "bool":
      if (typeof value !== "boolean") throw new Unfit({ message: "neither true nor false" });
      return value;
    case "string":
      if (typeof value !== "string") throw new Unfit({ message: "no text" });
      return value;
    case "int": {
      const whole = integer(value);
      if (whole >= MAX_INT || whole < -MAX_INT) throw new Unfit({ message: "no number of 64 bits" });
      return whole;
    }
    case "uint": {
      const whole = integer(value);
      if (whole >= 2n * MAX_INT || whole < 0n) throw new Unfit({ message: "no number of 64 bits without a sign" });
      return read.uint({ text: String(whole) });
    }
    case "double":
      if (typeof value === "string") return exactDouble(value);
      if (typeof value !== "number" || !Number.isFinite(value))
        throw new Unfit({ message: "no number that a double holds" });
      return value;
    case "duration":
    case "timestamp":
      if (typeof value !== "string") throw new Unfit({ message: "no text" });
      return read[name]({ text: value });
    case "ipaddress":
      if (typeof value !== "string" || !ip.isValid(value)) throw new Unfit({ message: "no IP address" });
      return new IpAddress(value);
    case "list":
      if (!Array.isArray(value)) throw new Unfit({ message: "no list" });
      return value.map((element: unknown) => (of === null ? dynamic(element) : valueOf(of, element)));
    case "map":
      return Object.fromEntries(
        entriesOf(value).map(([key, entry]) => [key, of === null ? dynamic(entry) : valueOf(of, entry)]),
      );
  }
};

const entriesOf = (value: unknown): Array<[string, unknown]> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Unfit({ message: "no map" });
  return Object.entries(value);
};

/** JSON as it is: numbers are doubles, as in CEL's own mapping. */
const dynamic = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(dynamic);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(entriesOf(value).map(([key, entry]) => [key, dynamic(entry)]));
  }
  return value;
};

const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);

/** Makes a condition that can be decided, or says what is wrong with it. */
export const compile = (source: Source): Result.Result<Condition, string> => {
  const { expression, name, parameters } = source;
  const environment = base.clone();
  const parsed = Result.try({
    try: (): ParseResult => {
      for (const [parameter, type] of Object.entries(parameters)) {
        environment.registerVariable(parameter, celType(type));
      }
      return environment.parse(expression);
    },
    catch: messageOf,
  });
  if (Result.isFailure(parsed)) return Result.fail(parsed.failure);
  const { error, type, valid } = parsed.success.check();
  if (!valid) return Result.fail(messageOf(error));
  if (type !== "bool" && type !== "dyn") return Result.fail(`it gives ${type} and not a truth`);

  const undecided = (says: string) => Result.fail(new ConditionUndecided({ condition: name, says }));
  return Result.succeed({
    ...source,
    decide: (...contexts) => {
      const given: Record<string, unknown> = Object.assign({}, ...contexts.toReversed());
      const missing = Object.keys(parameters).filter((parameter) => !Object.hasOwn(given, parameter));
      if (missing.length > 0) return undecided(`${missing.join(", ")} is missing`);
      const values: Record<string, unknown> = {};
      for (const [parameter, parameterType] of Object.entries(parameters)) {
        const value = Result.try({ try: () => valueOf(parameterType, given[parameter]), catch: messageOf });
        if (Result.isFailure(value)) return undecided(`${parameter} is ${value.failure}`);
        values[parameter] = value.success;
      }
      const decided = Result.try({ try: (): unknown => parsed.success(values), catch: messageOf });
      if (Result.isFailure(decided)) return undecided(decided.failure);
      return typeof decided.success === "boolean" ? Result.succeed(decided.success) : undecided("it gives no truth");
    },
  });
};
