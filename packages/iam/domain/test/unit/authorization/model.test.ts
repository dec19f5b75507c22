import { Asking, AuthorizationCondition, Model, Nesting, Tuple } from "@beep/iam-domain";
import * as Option from "effect/Option";
import * as Result from "effect/Result";
import { describe, expect, it } from "vitest";

const parsed = (...lines: ReadonlyArray<string>) => Model.parse(["model", "  schema 1.1", ...lines, ""].join("\n"));

const faultsOf = (...lines: ReadonlyArray<string>) =>
  Result.match(parsed(...lines), {
    onSuccess: () => [],
    onFailure: ({ faults }) => faults.map(({ line, says }) => `${line}: ${says}`),
  });

const documents = Result.getOrThrow(
  parsed(
    "type user",
    "type group",
    "  relations",
    "    define member: [user, group#member]",
    "type document",
    "  relations",
    "    define owner: [user]",
    "    define viewer: [user, user:*, group#member, user with workday] or owner",
    "condition workday(day: int, days: list<int>) {",
    "  day in days",
    "}",
  ),
);

describe("a model", () => {
  it("AZ-5: names what it does not have, and where", () => {
    expect(
      faultsOf(
        "type user",
        "type document",
        "  relations",
        "    define parent: [folder]",
        "    define viewer: [user, user#friend with weather] or owner or viewer from writer",
        "    define writer: [user:*]",
        "    define reader: reader from boss",
      ),
    ).toEqual([
      "6: document#parent: There is no type folder.",
      "7: document#viewer: The type user has no relation friend.",
      "7: document#viewer: There is no condition weather.",
      "7: document#viewer: The type document has no relation owner.",
      '7: document#viewer: What stands behind "from" names objects by tuples alone, and writer does not.',
      "9: document#reader: The type document has no relation boss.",
    ]);
  });

  it("AZ-7: has no relation that begins nowhere, and no type twice", () => {
    expect(
      faultsOf(
        "type user",
        "type document",
        "  relations",
        "    define a: b",
        "    define b: a or c",
        "    define c: [document#c]",
      ),
    ).toEqual([
      "6: document#a: Nobody can ever have it.",
      "7: document#b: Nobody can ever have it.",
      "8: document#c: Nobody can ever have it.",
    ]);
    expect(faultsOf("type user", "type user")).toEqual(["3: The type user is there twice."]);
  });

  it("AZ-5: that is no text of a model says in which line", () => {
    expect(faultsOf("type user", "type document", "  rlations")[0]).toMatch(/^5: syntax error/);
    expect(Result.isFailure(Model.parse(""))).toBe(true);
  });

  it("AZ-4: has conditions of the right types", () => {
    const condition = (parameters: string, expression: string) =>
      faultsOf("type user", `condition c(${parameters}) {`, `  ${expression}`, "}");
    expect(condition("x: int", "x < 3")).toEqual([]);
    expect(condition("x: int", "x + 3")).toEqual(["4: The condition c: it gives int and not a truth."]);
    expect(condition("x: int", 'x == "3"')[0]).toMatch(/^4: The condition c: /);
    expect(condition("x: int", "y == 3")[0]).toMatch(/^4: The condition c: /);
  });

  it("AZ-5: nests where tuples alone say who is within what", () => {
    expect(Nesting.nested(documents)).toEqual([
      { object_type: "group", relation: "member", subject_type: "group", subject_relation: "member" },
    ]);
  });
});

describe("a tuple", () => {
  const tuple = (subject: string, relation: string, object: string, condition?: Tuple.Written["condition"]) =>
    Result.match(Asking.tuple(documents, { subject, relation, object, condition }), {
      onSuccess: () => "allowed",
      onFailure: ({ says }) => says,
    });

  it("AZ-5: is one that the model allows", () => {
    expect(tuple("user:ann", "viewer", "document:1")).toBe("allowed");
    expect(tuple("user:*", "viewer", "document:1")).toBe("allowed");
    expect(tuple("group:staff#member", "viewer", "document:1")).toBe("allowed");
    expect(tuple("user:ann", "viewer", "document:1", { name: "workday", context: { days: [1] } })).toBe("allowed");
    expect(tuple("user:*", "owner", "document:1")).toBe("document#owner does not take user:*");
    expect(tuple("group:staff", "viewer", "document:1")).toBe("document#viewer does not take group");
    expect(tuple("user:ann", "editor", "document:1")).toBe("the type document has no relation editor");
    expect(tuple("user:ann", "viewer", "folder:1")).toBe("the model has no type folder");
    expect(tuple("robot:ann", "viewer", "document:1")).toBe("there is no type robot");
    expect(tuple("user:a:b", "viewer", "document:1")).toBe('"user:a:b" is no subject');
    expect(tuple("user:ann", "viewer", "document:*")).toBe('"document:*" is no object');
    expect(tuple("user:ann", "owner", "document:1", { name: "workday" })).toBe(
      "document#owner does not take user with workday",
    );
    expect(tuple("user:ann", "viewer", "document:1", { name: "workday", context: { hour: 1 } })).toBe(
      "workday has no parameter hour",
    );
    expect(tuple("user:ann", "viewer", "document:1", { name: "workday", context: { constructor: 1 } })).toBe(
      "workday has no parameter constructor",
    );
    expect(tuple("user:ann", "viewer", "document:1", { name: "workday", context: { days: "\0" } })).toBe(
      "what workday is given is no JSON that can be kept",
    );
  });

  it("AZ-5: is read as it is written", () => {
    for (const text of ["user:ann", "user:*", "group:staff#member"]) {
      expect(Tuple.subjectText(Option.getOrThrow(Tuple.subject(text)))).toBe(text);
    }
    for (const text of [
      "",
      "user",
      "user:",
      ":ann",
      "user:ann#",
      "user:*#member",
      "user:a b",
      "us#er:ann",
      "user:ann#a#b",
    ]) {
      expect(Tuple.subject(text)).toEqual(Option.none());
    }
  });
});

describe("a condition", () => {
  const decided = (
    type: AuthorizationCondition.ParameterType,
    expression: string,
    value: unknown,
    tuples: AuthorizationCondition.Context = {},
  ) =>
    Result.match(
      Result.getOrThrow(AuthorizationCondition.compile({ name: "c", parameters: { x: type }, expression })).decide(
        tuples,
        value === undefined ? {} : { x: value },
      ),
      { onSuccess: (holds): boolean | string => holds, onFailure: ({ says }) => says },
    );
  const of = (name: AuthorizationCondition.ParameterType["name"]) => ({ name, of: null });

  it("AZ-4: is decided with all of its parameters, and otherwise not", () => {
    expect(decided(of("int"), "x < 3", 2)).toBe(true);
    expect(decided(of("int"), "x < 3", 3)).toBe(false);
    expect(decided(of("int"), "x < 3", undefined)).toBe("x is missing");
    expect(decided(of("int"), "x / 0 == 1", 3)).toMatch(/zero/);
  });

  it("AZ-4: takes a parameter from the tuple before the question's", () => {
    expect(decided(of("int"), "x < 3", 2, { x: 5 })).toBe(false);
  });

  it("AZ-4: takes values of its parameters' types alone", () => {
    expect(decided(of("int"), "x == 3", "3")).toBe(true);
    expect(decided(of("int"), "x == 3", 3.5)).toBe("x is no whole number");
    expect(decided(of("int"), "x > 3", 1e300)).toBe("x is no whole number");
    expect(decided(of("int"), "x > 3", "9223372036854775808")).toBe("x is no number of 64 bits");
    expect(decided(of("uint"), "x == 3u", 3)).toBe(true);
    expect(decided(of("uint"), "x == 3u", -3)).toBe("x is no number of 64 bits without a sign");
    expect(decided(of("double"), "x == 0.1", "0.1")).toBe(true);
    expect(decided(of("double"), "x > 0.0", "1e309")).toBe("x is no number that a double holds");
    expect(decided(of("double"), "x > 0.0", "0.10000000000000000001")).toBe("x is not kept whole by a double");
    expect(decided(of("bool"), "x", "true")).toBe("x is neither true nor false");
    expect(decided(of("string"), 'x == "a"', 1)).toBe("x is no text");
    expect(decided(of("timestamp"), 'x < timestamp("2026-01-01T00:00:00Z")', "2025-12-31T23:59:59Z")).toBe(true);
    expect(decided(of("timestamp"), 'x < timestamp("2026-01-01T00:00:00Z")', "yesterday")).toMatch(/^x is /);
    expect(decided(of("duration"), 'x < duration("1h")', "59m")).toBe(true);
    expect(decided(of("ipaddress"), 'x.in_cidr("192.0.2.0/24")', "192.0.2.7")).toBe(true);
    expect(decided(of("ipaddress"), 'x.in_cidr("192.0.2.0/24")', "2001:db8::1")).toBe(false);
    expect(decided(of("ipaddress"), 'x.in_cidr("192.0.2.0/24")', "here")).toBe("x is no IP address");
    expect(decided({ name: "list", of: of("int") }, "2 in x", [1, 2])).toBe(true);
    expect(decided({ name: "list", of: of("int") }, "2 in x", [1, "b"])).toBe("x is no whole number");
    expect(decided({ name: "map", of: of("string") }, 'x.a == "b"', { a: "b" })).toBe(true);
    expect(decided({ name: "map", of: of("string") }, 'x.a == "b"', [])).toBe("x is no map");
  });
});
