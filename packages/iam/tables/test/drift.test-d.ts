import type * as entities from "@beep/iam-domain/entities";
import type { SharedEntityIds } from "@beep/shared-domain";
import type { InferInsertModel } from "drizzle-orm";
import { describe, expectTypeOf, it } from "vitest";
import type { Drift, Drifts } from "../src/_check.ts";
import type * as tables from "../src/schema.ts";
import type * as default_ from "./fixtures/drift/another-default.ts";
import type * as nullability from "./fixtures/drift/another-nullability.ts";
import type * as type from "./fixtures/drift/another-type.ts";
import type * as extra from "./fixtures/drift/extra-column.ts";
import type * as update from "./fixtures/drift/forbidden-update.ts";
import type * as missing from "./fixtures/drift/missing-column.ts";
import type * as note from "./fixtures/drift/note.ts";
import type * as unchecked from "./fixtures/drift/without-check.ts";

/** The drifts of what is not `never`. */
type Found<D> = { [K in keyof D as [D[K]] extends [never] ? never : K]: D[K] };

/** The same column in all variants. */
type Everywhere<Column extends string> = `${"select" | "insert" | "update"}.${Column}`;

describe("what agrees", () => {
  it("ALN-1: has no drift", () => {
    expectTypeOf<keyof note.NoDrift>().toEqualTypeOf<"note">();
    expectTypeOf<note.NoDrift["note"]>().toEqualTypeOf<never>();
    expectTypeOf<Drift<typeof note.note, typeof note.Model>>().toEqualTypeOf<never>();
  });

  it("ALN-1: is every table of the schema with every entity of the domain", () => {
    type All = Drifts<typeof tables, typeof entities>;
    expectTypeOf<keyof Found<All>>().toEqualTypeOf<never>();
    type Records =
      | "auditCheckpoint"
      | "auditEnvelope"
      | "auditEvent"
      | "auditHead"
      | "auditSeal"
      | "nestedRelation"
      | "policyRevision"
      | "relation"
      | "relationNesting"
      | "webhookCursor";
    expectTypeOf<keyof All>().toEqualTypeOf<Exclude<keyof typeof tables, Records>>();
    expectTypeOf<keyof All>().toEqualTypeOf<Uncapitalize<keyof typeof entities>>();
  });
});

describe("a drift has the name of what drifts", () => {
  it("ALN-1: a missing column", () => {
    expectTypeOf<missing.WithoutText["note"]>().toEqualTypeOf<Everywhere<"text">>();
    expectTypeOf<missing.OfNobody["note"]>().toEqualTypeOf<"select.organizationId" | "insert.organizationId">();
  });

  it("ALN-1: an extra column", () => {
    expectTypeOf<extra.WithColour["note"]>().toEqualTypeOf<Everywhere<"colour">>();
    expectTypeOf<extra.WithHint["note"]>().toEqualTypeOf<Everywhere<"hint">>();
    expectTypeOf<extra.WithLength["note"]>().toEqualTypeOf<"select.length">();
  });

  it("ALN-1: another type", () => {
    expectTypeOf<type.Numbered["note"]>().toEqualTypeOf<Everywhere<"text">>();
    expectTypeOf<type.Narrowed["note"]>().toEqualTypeOf<Everywhere<"title">>();
    expectTypeOf<type.Spelled["note"]>().toEqualTypeOf<Everywhere<"dueAt">>();
    expectTypeOf<type.OfTeam["note"]>().toEqualTypeOf<Everywhere<"authorId">>();
    expectTypeOf<type.Unmarked["note"]>().toEqualTypeOf<Everywhere<"authorId">>();
    expectTypeOf<type.Untyped["note"]>().toEqualTypeOf<Everywhere<"text">>();
    expectTypeOf<type.OfAnotherEntity["note"]>().toEqualTypeOf<"select.id" | "insert.id">();
  });

  it("ALN-1: another nullability", () => {
    expectTypeOf<nullability.Untitled["note"]>().toEqualTypeOf<Everywhere<"title">>();
    expectTypeOf<nullability.Undecided["note"]>().toEqualTypeOf<Everywhere<"pinned">>();
    expectTypeOf<nullability.Urgent["note"]>().toEqualTypeOf<Everywhere<"dueAt">>();
  });

  it("ALN-1: another default on insert", () => {
    expectTypeOf<default_.Called["note"]>().toEqualTypeOf<"insert.title">();
    expectTypeOf<default_.Made["note"]>().toEqualTypeOf<"insert.title">();
    expectTypeOf<default_.Asked["note"]>().toEqualTypeOf<"insert.pinned">();
  });

  it("ALN-1: an update that may not be one, or may", () => {
    expectTypeOf<update.Moves["note"]>().toEqualTypeOf<"update.organizationId">();
    expectTypeOf<update.Backdates["note"]>().toEqualTypeOf<"update.createdAt">();
    expectTypeOf<update.Renames["note"]>().toEqualTypeOf<"update.id">();
    expectTypeOf<update.Touches["note"]>().toEqualTypeOf<"insert.updatedAt" | "update.updatedAt">();
    expectTypeOf<update.Numbers["note"]>().toEqualTypeOf<"insert.version">();
    expectTypeOf<update.Fixes["note"]>().toEqualTypeOf<"update.title">();
    expectTypeOf<update.Wholes["note"]>().toEqualTypeOf<"update.title">();
  });

  it("ALN-1: a table without a model, and a model without a table", () => {
    expectTypeOf<Found<unchecked.Unmodelled>>().toEqualTypeOf<{ note: "has no model" }>();
    expectTypeOf<Found<unchecked.Misnamed>>().toEqualTypeOf<{ note: "has no table"; notes: "has no model" }>();
    expectTypeOf<Found<unchecked.Hollow>>().toEqualTypeOf<{ note: "has no model" }>();
    expectTypeOf<Found<unchecked.Tableless>>().toEqualTypeOf<{ note: "has no table" }>();
  });
});

describe("a table", () => {
  it("ALN-1: of an organization needs no `organizationId` on insert, because the scope knows it", () => {
    type Insert = InferInsertModel<typeof note.note>;
    type Optional<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never }[keyof T];
    expectTypeOf<Optional<Insert>>().toEqualTypeOf<
      "id" | "createdAt" | "updatedAt" | "version" | "organizationId" | "pinned" | "text" | "dueAt"
    >();
    expectTypeOf<Insert["organizationId"]>().toEqualTypeOf<SharedEntityIds.OrganizationId | undefined>();
  });

  it("ALN-1: of no organization has no `organizationId`", () => {
    expectTypeOf<InferInsertModel<typeof tables.team>>().toHaveProperty("organizationId");
    expectTypeOf<InferInsertModel<typeof tables.user>>().not.toHaveProperty("organizationId");
  });
});
