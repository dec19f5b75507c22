import { Asking, Evaluation, Explanation, Model, Tuple } from "@beep/iam-domain";
import * as Result from "effect/Result";
import { describe, expect, it } from "vitest";

const model = Result.getOrThrow(
  Model.parse(`model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type folder
  relations
    define viewer: [group#member]
type document
  relations
    define parent: [folder]
    define blocked: [user]
    define approved: [user]
    define viewer: (viewer from parent and approved) but not blocked
`),
);

const tuples = (...lines: ReadonlyArray<string>): ReadonlyArray<Tuple.Tuple> =>
  lines.map((line) => {
    const [subject = "", relation = "", object = ""] = line.split(" ");
    return Result.getOrThrow(Asking.tuple(model, { subject, relation, object }));
  });

const all = [
  "user:ann member group:inner",
  "group:inner#member member group:outer",
  "group:outer#member viewer folder:plans",
  "folder:plans parent document:1",
  "user:ann approved document:1",
];

const factsOf =
  (facts: ReadonlyArray<Tuple.Tuple>): Evaluation.Facts =>
  (object, relation) =>
    facts.filter((fact) => fact.relation === relation && Tuple.objectText(fact.object) === Tuple.objectText(object));

const question = Result.getOrThrow(
  Asking.question(model, { subject: "user:ann", relation: "viewer", object: "document:1" }),
);

describe("an explanation", () => {
  it("AZ-10: of a permit reads from the question to the facts", () => {
    const proof = Result.getOrThrow(Evaluation.decide(model, factsOf(tuples(...all)), question));
    expect(proof && Explanation.text(proof, question.subject).split("\n")).toEqual([
      "document:1#viewer",
      "  required, 1 of 2",
      "    by the fact folder:plans parent document:1",
      "      folder:plans#viewer",
      "        by the fact group:outer#member viewer folder:plans",
      "          group:outer#member",
      "            by the fact group:inner#member member group:outer",
      "              group:inner#member",
      "                by the fact user:ann member group:inner",
      "  required, 2 of 2",
      "    document:1#approved",
      "      by the fact user:ann approved document:1",
      "  and nothing excepts it (blocked)",
    ]);
  });

  it("AZ-10: of a denial names the facts that are missing, the nearest first", () => {
    const { excepted, missing } = Explanation.lack(model, factsOf(tuples(...all.slice(1, 4))), question);
    expect(missing.map(Tuple.text)).toEqual([
      "user:ann approved document:1",
      "user:ann member group:outer",
      "user:ann member group:inner",
    ]);
    expect(excepted).toEqual([]);
  });

  it("AZ-10: of a denial tells what excepts, where all else is there", () => {
    const { excepted } = Explanation.lack(model, factsOf(tuples(...all, "user:ann blocked document:1")), question);
    expect(excepted.map((proof) => Explanation.text(proof, question.subject))).toEqual([
      "document:1#blocked\n  by the fact user:ann blocked document:1",
    ]);
  });
});
