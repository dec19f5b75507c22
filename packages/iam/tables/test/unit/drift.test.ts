/** What the types prove is taken away, and the compiler has to see it: in the fixtures, and in this package itself. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import { compile, type Diagnostic, packageRoot, workspace } from "../fixtures/compile.ts";

const read = (path: string) => readFileSync(join(packageRoot, path), "utf8");

const directory = "test/fixtures/drift";
const fixtures = readdirSync(join(packageRoot, directory)).map((name) => ({
  name,
  text: read(`${directory}/${name}`),
}));

const directive = /^\s*\/\/ @ts-expect-error (.*)$/;

/** The fixtures without their `@ts-expect-error`; the lines keep their numbers. */
const bare = fixtures.map(({ name, text }) => ({
  file: `${directory}/bare-${name}`,
  text: text
    .split("\n")
    .map((line) => (directive.test(line) ? "" : line))
    .join("\n"),
}));

/** Every `@ts-expect-error`, each for the one line below it. */
const takenAway = fixtures.flatMap(({ name, text }) =>
  text.split("\n").flatMap((line, index) => {
    const reason = directive.exec(line)?.[1];
    // Lines are counted from 1.
    return reason === undefined
      ? []
      : { title: `${name}: ${reason}`, fixture: name, file: `${directory}/bare-${name}`, line: index + 2 };
  }),
);

const table = "notificationPreference";

/** Changes of this package's own sources, and of a model that they are checked against. */
const mutants = [
  { title: "nothing changes", change: undefined, drifts: [] },
  {
    title: "a column is gone from a table",
    change: { file: "table", from: /\n\s*enabled: .*/, to: "" },
    drifts: ["select.enabled", "insert.enabled", "update.enabled"],
  },
  {
    title: "a column is new in a table",
    change: { file: "table", from: /(?=\n\s*enabled: )/, to: '\nreason: pg.text("reason"),' },
    drifts: ["select.reason", "insert.reason", "update.reason"],
  },
  {
    title: "a column has another type",
    change: { file: "table", from: 'pg.text("channel")', to: 'pg.integer("channel")' },
    drifts: ["select.channel", "insert.channel", "update.channel"],
  },
  {
    title: "a column has another nullability",
    change: { file: "table", from: 'pg.text("channel").notNull()', to: 'pg.text("channel")' },
    drifts: ["select.channel", "insert.channel", "update.channel"],
  },
  {
    title: "a column has no default any more",
    change: { file: "table", from: ".default(true)", to: "" },
    drifts: ["insert.enabled"],
  },
  {
    title: "a column has a default",
    change: { file: "table", from: 'pg.text("channel").notNull()', to: 'pg.text("channel").notNull().default("mail")' },
    drifts: ["insert.channel"],
  },
  {
    title: "a table belongs to no organization any more",
    change: {
      file: "table",
      // The index may then name no column that the table has not.
      from: /OrgTable|t\.organizationId, /g,
      to: (found: string) => (found === "OrgTable" ? "Table" : ""),
    },
    drifts: ["select.organizationId", "insert.organizationId"],
  },
  {
    title: "a table has the ids of another entity",
    change: { file: "table", from: "IamEntityIds.NotificationPreferenceId", to: "IamEntityIds.MemberId" },
    drifts: ["select.id", "insert.id"],
  },
  {
    title: "a table is in the schema under another name",
    change: { file: "schema", from: `export { ${table} }`, to: `export { ${table} as preference }` },
    drifts: ["has no model", "has no table"],
  },
  {
    title: "a table is in the schema twice",
    change: { file: "schema", from: `export { ${table} }`, to: `export { ${table}, ${table} as preference }` },
    drifts: ["has no model"],
  },
  {
    title: "a model lets an update change when a row was created",
    change: {
      file: "model",
      from: /(?=\n\s*channel: )/,
      to: `
        createdAt: VariantModel.Field({
          select: Schema.DateTimeUtcFromDate,
          insert: Schema.optional(Schema.DateTimeUtcFromDate),
          update: Schema.optional(Schema.DateTimeUtcFromDate),
        }),`,
    },
    drifts: ["update.createdAt"],
  },
  {
    title: "a column is gone from a model",
    // And with it the import that nothing else uses, which would be an error of its own.
    change: { file: "model", from: /\n(?: *enabled: |import \* as Schema from ).*/g, to: "" },
    drifts: ["select.enabled", "insert.enabled", "update.enabled"],
  },
] as const;

/** A copy of the sources with a change; what it does not change is imported from the packages. */
const mutant = ({ change }: Pick<(typeof mutants)[number], "change">, index: number) => {
  const sources = {
    check: read("src/_check.ts").replace(/"@beep\/iam-domain\/entities"/g, '"./entities.ts"'),
    schema: read("src/schema.ts").replace(/(?<=")\.\/tables\/(?!notificationPreference\.)/g, "../../src/tables/"),
    table: read(`src/tables/${table}.table.ts`),
    model: read("../domain/src/entities/NotificationPreference.ts"),
  };
  if (change !== undefined) {
    const { file, from, to } = change;
    const changed = sources[file].replace(from, typeof to === "string" ? () => to : to);
    expect(changed).not.toBe(sources[file]);
    sources[file] = changed;
  }
  return {
    [`mutants/${index}/_check.ts`]: sources.check,
    [`mutants/${index}/schema.ts`]: sources.schema,
    [`mutants/${index}/tables/${table}.table.ts`]: sources.table,
    [`mutants/${index}/NotificationPreference.ts`]: sources.model,
    [`mutants/${index}/entities.ts`]:
      'export * from "@beep/iam-domain/entities";\nexport * as NotificationPreference from "./NotificationPreference.ts";\n',
  };
};

describe("taken away", () => {
  let found: ReadonlyArray<Diagnostic> = [];

  beforeAll(
    () =>
      Effect.gen(function* () {
        const files = Object.fromEntries([
          ...fixtures.map(({ name, text }) => [`${directory}/${name}`, text] as const),
          ...bare.map(({ file, text }) => [file, text] as const),
          ...mutants.flatMap((one, index) => Object.entries(mutant(one, index))),
        ]);
        const root = yield* workspace(files);
        found = yield* compile(root, Object.keys(files));
      }).pipe(Effect.scoped, Effect.runPromise),
    60_000,
  );

  it("ALN-1: nothing, and the fixtures compile", () => {
    const changed = /^mutants\/|\/bare-/;
    expect(found.filter(({ file }) => !changed.test(file))).toEqual([]);
    // Every fixture but the one that agrees has something to take away.
    expect(new Set(takenAway.map(({ fixture }) => fixture)).size).toBe(fixtures.length - 1);
  });

  it("ALN-1: all, and there is one error for each and no other", () => {
    const errors = found.filter(({ file }) => file.includes("/bare-")).map(({ file, line }) => `${file}:${line}`);
    expect(errors.sort()).toEqual(takenAway.map(({ file, line }) => `${file}:${line}`).sort());
  });

  it.each(takenAway.map((one) => [one.title, one] as const))("ALN-1: %s", (_, { file, fixture, line }) => {
    const here = found.filter((error) => error.file === file && error.line === line);
    expect(here).toHaveLength(1);
    if (fixture === "common-columns.ts") expect(here[0]?.code).toMatch(/^TS(?:2322|2741)$/);
    else {
      expect(here[0]?.code).toBe("TS2345");
      expect(here[0]?.message).toMatch(/"(?:(?:select|insert|update)\.\w+|has no (?:model|table))"/);
    }
  });

  it.each(mutants.map(({ drifts, title }, index) => [title, drifts, index] as const))(
    "ALN-1: in this package, %s",
    (_, drifts, index) => {
      const here = found.filter((error) => error.file.startsWith(`mutants/${index}/`));
      expect(here.filter((error) => error.file !== `mutants/${index}/_check.ts`)).toEqual([]);
      const named = here.flatMap(({ message }) =>
        [...message.matchAll(/"(\w+\.\w+|has no \w+)"/g)].map(([, name]) => name),
      );
      // Of several drifts the compiler names one.
      expect(named.length > 0).toBe(drifts.length > 0);
      expect(drifts).toEqual(expect.arrayContaining(named));
    },
  );
});
