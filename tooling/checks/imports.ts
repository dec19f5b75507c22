/**
 * Checks that imports go down the house's list only, and prints the picture of them.
 *
 *     node tooling/checks/imports.ts [root]
 */
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { posix, resolve } from "node:path";
import { importsOf, linesOf } from "./source.ts";

/** The packages, each with those directly below it; it may import these and all that is below them. */
const below: Record<string, ReadonlyArray<string>> = {
  "@beep/shared-domain": [],
  "@beep/shared-tables": ["@beep/shared-domain"],
  "@beep/iam-domain": ["@beep/shared-domain"],
  "@beep/iam-tables": ["@beep/shared-tables", "@beep/iam-domain"],
  "@beep/db-admin": ["@beep/iam-tables"],
  "@beep/iam-server": ["@beep/db-admin"],
  "@beep/iam-cli": ["@beep/iam-server"],
};

/** Packages that a browser can use, and what they therefore do without. */
const pure = ["@beep/shared-domain", "@beep/iam-domain"];
const impure =
  /^(?:node:|drizzle-|drizzle$|pg$|@effect\/(?:platform-node|sql-)|@electric-sql\/|better-auth|@better-auth\/)/;

/** The rooms of a package, each importing only those before it. */
const rooms: Record<string, ReadonlyArray<string>> = {
  "@beep/iam-server": [
    "config",
    "telemetry",
    "db",
    "tenancy",
    "change",
    "crypto",
    "audit",
    "outbox",
    "idempotency",
    "authorization",
    "auth",
    "organizations",
    "webhooks",
    "sessions",
    "oauth",
    "applications",
    "governance",
    "directory",
    "api",
    "doctor",
  ],
};

/** The files of a repository by path, `/` between the parts. */
export type Tree = ReadonlyMap<string, string>;

export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface Report {
  readonly violations: ReadonlyArray<Violation>;
  readonly picture: string;
}

interface Manifest {
  readonly name?: string;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>> | string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Package {
  readonly name: string;
  readonly directory: string;
  readonly manifest: Manifest;
  readonly tooling: boolean;
}

interface Source {
  readonly file: string;
  /** None for the files at the root. */
  readonly owner: Package | undefined;
  readonly test: boolean;
}

const source = /\.[cm]?[jt]sx?$/;
const ignored = new Set(["node_modules", "dist", "migrations", ".git", ".turbo"]);
const scope = /^@beep\//;

const isBuiltin = (specifier: string): boolean =>
  specifier.startsWith("node:") || builtinModules.includes(specifier.split("/")[0] ?? specifier);

/** All that a package may import, at whatever distance. */
const closure = (name: string): ReadonlySet<string> => {
  const found = new Set<string>();
  const visit = (current: string): void => {
    for (const next of below[current] ?? []) {
      found.add(next);
      visit(next);
    }
  };
  visit(name);
  return found;
};

const readPackages = (tree: Tree): ReadonlyArray<Package> => {
  const packages: Array<Package> = [];
  for (const [file, text] of tree) {
    const directory = posix.dirname(file);
    if (posix.basename(file) !== "package.json" || !/^(?:packages\/[^/]+|tooling)\/[^/]+$/.test(directory)) continue;
    const manifest: Manifest = JSON.parse(text);
    packages.push({
      name: manifest.name ?? directory,
      directory,
      manifest,
      tooling: directory.startsWith("tooling/"),
    });
  }
  return packages.sort((a, b) => (a.directory < b.directory ? -1 : 1));
};

const isTest = (inPackage: string): boolean =>
  /^(?:test|tests)\//.test(inPackage) || /\.(?:test|test-d|spec)\.[cm]?[jt]sx?$/.test(inPackage);

const lineOf = (text: string, needle: string): number => linesOf(text)(Math.max(text.indexOf(needle), 0));

/** The file that an entrance of a package leads to, seen by the condition under which sources run. */
const entrance = (to: Package, subpath: string): string | undefined => {
  const target = (entry: Readonly<Record<string, string>> | string | undefined): string | undefined =>
    typeof entry === "string" ? entry : (entry?.["@beep/source"] ?? entry?.default);
  const key = subpath === "" ? "." : `./${subpath}`;
  const exports = to.manifest.exports ?? {};
  const exact = target(exports[key]);
  if (exact !== undefined) return posix.join(to.directory, exact);
  for (const [pattern, entry] of Object.entries(exports)) {
    const [before, after, more] = pattern.split("*");
    if (before === undefined || after === undefined || more !== undefined) continue;
    if (!key.startsWith(before) || !key.endsWith(after) || key.length < before.length + after.length) continue;
    const path = target(entry);
    if (path === undefined) continue;
    return posix.join(to.directory, path.replaceAll("*", key.slice(before.length, key.length - after.length)));
  }
  return undefined;
};

/** The file that a relative import names. */
const relative = (tree: Tree, from: string, specifier: string): string | undefined => {
  const path = posix.join(posix.dirname(from), specifier.replace(/[?#].*$/, ""));
  const candidates = [
    path,
    `${path}.ts`,
    `${path}/index.ts`,
    path.replace(/\.js$/, ".ts"),
    path.replace(/\.mjs$/, ".mts"),
  ];
  return candidates.find((candidate) => tree.has(candidate));
};

type Arrows = Map<string, Map<string, number>>;

const arrow = (arrows: Arrows, from: string, to: string): void => {
  const targets = arrows.get(from) ?? new Map<string, number>();
  targets.set(to, (targets.get(to) ?? 0) + 1);
  arrows.set(from, targets);
};

const draw = (title: string, arrows: Arrows, order: ReadonlyArray<string>): ReadonlyArray<string> => {
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = <A>(entries: Iterable<readonly [string, A]>) =>
    [...entries].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const width = Math.max(0, ...[...arrows.keys()].map((name) => name.length));
  return [
    title,
    ...sorted(arrows).map(
      ([from, targets]) =>
        `  ${from.padEnd(width)} -> ${sorted(targets)
          .map(([to, count]) => `${to} ${count}`)
          .join(", ")}`,
    ),
  ];
};

interface Edge {
  readonly to: string;
  readonly line: number;
}

/** One shortest circle for every knot of files that import each other. */
const circles = (graph: ReadonlyMap<string, ReadonlyArray<Edge>>): ReadonlyArray<Violation> => {
  const found: Array<Violation> = [];
  const done = new Set<string>();
  for (const start of [...graph.keys()].sort()) {
    if (done.has(start)) continue;
    const cameFrom = new Map<string, string>();
    const queue = [start];
    let last: string | undefined;
    search: for (const file of queue) {
      for (const { to } of graph.get(file) ?? []) {
        if (to === start) {
          last = file;
          break search;
        }
        if (done.has(to) || cameFrom.has(to)) continue;
        cameFrom.set(to, file);
        queue.push(to);
      }
    }
    if (last === undefined) continue;
    const circle: Array<string> = [];
    for (let file: string | undefined = last; file !== undefined && file !== start; file = cameFrom.get(file)) {
      circle.unshift(file);
    }
    circle.unshift(start);
    for (const file of circle) done.add(file);
    const next = circle[1] ?? start;
    found.push({
      file: start,
      line: graph.get(start)?.find((edge) => edge.to === next)?.line ?? 1,
      message: `imports in a circle: ${[...circle, start].join(" -> ")}`,
    });
  }
  return found;
};

/** Checks a tree of files. */
export const check = (tree: Tree): Report => {
  const violations: Array<Violation> = [];
  const packages = readPackages(tree);
  const byName = new Map(packages.map((one) => [one.name, one]));
  const byDirectory = new Map(packages.map((one) => [one.directory, one]));
  const ownerOf = (file: string) => {
    const parts = file.split("/");
    return byDirectory.get(parts.slice(0, parts[0] === "tooling" ? 2 : 3).join("/"));
  };
  const sourceOf = (file: string): Source => {
    const owner = ownerOf(file);
    return { file, owner, test: owner !== undefined && isTest(file.slice(owner.directory.length + 1)) };
  };
  const rootManifest: Manifest = JSON.parse(tree.get("package.json") ?? "{}");

  for (const one of packages) {
    const file = `${one.directory}/package.json`;
    const text = tree.get(file) ?? "";
    if (one.tooling) continue;
    if (!(one.name in below)) {
      violations.push({ file, line: lineOf(text, '"name"'), message: `${one.name} is not in the house's list` });
      continue;
    }
    const allowed = closure(one.name);
    for (const kind of ["dependencies", "peerDependencies", "optionalDependencies", "devDependencies"] as const) {
      for (const name of Object.keys(one.manifest[kind] ?? {})) {
        const line = lineOf(text.slice(text.indexOf(`"${kind}"`)), `"${name}"`) + lineOf(text, `"${kind}"`) - 1;
        if (kind !== "devDependencies" && pure.includes(one.name) && impure.test(name)) {
          violations.push({ file, line, message: `${one.name} is for browsers too and may not depend on ${name}` });
        }
        if (!scope.test(name) || allowed.has(name)) continue;
        if (kind === "devDependencies" && byName.get(name)?.tooling === true) continue;
        violations.push({ file, line, message: `${one.name} may not depend on ${name} (${kind}): it is not below it` });
      }
    }
  }

  const packageArrows: Arrows = new Map();
  const roomArrows = new Map<string, Arrows>();
  const graph = new Map<string, ReadonlyArray<Edge>>();

  for (const [file, text] of tree) {
    if (!source.test(file)) continue;
    const from = sourceOf(file);
    const { owner } = from;
    const edges: Array<Edge> = [];
    graph.set(file, edges);
    const here = owner === undefined ? "root" : from.test ? `${owner.name} (tests)` : owner.name;

    for (const { specifier, line } of importsOf(text)) {
      const report = (message: string) => violations.push({ file, line, message });
      const isRelative = specifier.startsWith(".");

      if (!isRelative && !scope.test(specifier)) {
        if (owner !== undefined && pure.includes(owner.name) && !from.test) {
          if (isBuiltin(specifier) || impure.test(specifier)) {
            report(`${owner.name} is for browsers too and may not import ${specifier}`);
          }
        }
        continue;
      }

      let target: string | undefined;
      let to: Package | undefined;
      if (isRelative) {
        target = relative(tree, file, specifier);
        to = ownerOf(target ?? posix.join(posix.dirname(file), specifier));
        // What is no source (a text, a snapshot) is not in the tree; of sources the compiler says when one is missing.
        if (target === undefined && to === owner) continue;
      } else {
        const [, bare = "", subpath = ""] = /^(@beep\/[^/]+)\/?(.*)$/.exec(specifier) ?? [];
        to = byName.get(bare);
        if (to === undefined) {
          report(`there is no package ${bare}`);
          continue;
        }
        target = entrance(to, subpath);
        if (target === undefined) report(`${specifier} is no entrance: the exports of ${bare} do not have it`);
      }

      if (target !== undefined) edges.push({ to: target, line });
      if (to !== owner && to !== undefined) arrow(packageArrows, here, to.name);

      if (owner === undefined || owner.tooling) continue;

      if (to === undefined) {
        report(`${specifier} leads out of the package ${owner.name}`);
        continue;
      }

      if (to !== owner) {
        if (to.tooling) {
          if (!from.test) {
            report(`only tests import tooling: ${owner.name} may not import ${to.name}`);
            continue;
          }
        } else if (!closure(owner.name).has(to.name)) {
          report(`${owner.name} may not import ${to.name}: it is not below it`);
          continue;
        }
        if (isRelative) {
          report(`${specifier} reaches into another package: import ${to.name} by its name`);
          continue;
        }
        const { dependencies, peerDependencies, optionalDependencies, devDependencies } = owner.manifest;
        const listed = from.test
          ? {
              ...dependencies,
              ...peerDependencies,
              ...optionalDependencies,
              ...devDependencies,
              ...rootManifest.devDependencies,
            }
          : { ...dependencies, ...peerDependencies, ...optionalDependencies };
        if (!(to.name in listed))
          report(`${owner.directory}/package.json does not list ${to.name} among its dependencies`);
        continue;
      }

      if (from.test) continue;
      if (!isRelative) report(`${owner.name} imports itself by its name: use a relative path`);
      if (target === undefined) continue;
      if (sourceOf(target).test) report(`${specifier} is a test: only tests import tests`);

      const order = rooms[owner.name];
      if (order === undefined) continue;
      const inSource = `${owner.directory}/src/`;
      const roomOf = (path: string): string | undefined => {
        if (!path.startsWith(inSource)) return undefined;
        const inside = path.slice(inSource.length);
        return inside.includes("/") ? inside.slice(0, inside.indexOf("/")) : undefined;
      };
      const fromRoom = roomOf(file);
      const toRoom = roomOf(target);
      if (fromRoom === toRoom) continue;
      const arrows = roomArrows.get(owner.name) ?? new Map();
      roomArrows.set(owner.name, arrows);
      arrow(arrows, fromRoom ?? "(top)", toRoom ?? "(top)");
      if (fromRoom === undefined) continue;
      if (toRoom === undefined)
        report(`the room ${fromRoom} may not import ${specifier}: what is outside the rooms is above them`);
      else if (order.includes(fromRoom) && order.includes(toRoom) && order.indexOf(toRoom) > order.indexOf(fromRoom)) {
        report(`the room ${fromRoom} may not import the room ${toRoom}: it comes later`);
      }
    }
  }

  for (const one of packages) {
    const order = rooms[one.name];
    if (order === undefined) continue;
    const reported = new Set<string>();
    for (const file of tree.keys()) {
      const room = new RegExp(`^${one.directory}/src/([^/]+)/`).exec(file)?.[1];
      if (room === undefined || order.includes(room) || reported.has(room) || !source.test(file)) continue;
      reported.add(room);
      violations.push({ file, line: 1, message: `${room} is no room of ${one.name}` });
    }
  }

  violations.push(...circles(graph));
  violations.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));

  const names = Object.keys(below);
  const picture = [
    ...draw("Packages, with the number of imports:", packageArrows, [
      ...names.flatMap((name) => [name, `${name} (tests)`]),
      ...packages.filter((one) => one.tooling).flatMap((one) => [one.name, `${one.name} (tests)`]),
    ]),
    ...[...roomArrows].flatMap(([name, arrows]) => [
      "",
      ...draw(`Rooms of ${name}:`, arrows, [...(rooms[name] ?? []), "(top)"]),
    ]),
  ].join("\n");

  return { violations, picture };
};

/** Reads the sources and manifests of a repository. */
export const read = (root: string): Tree => {
  const tree = new Map<string, string>();
  const add = (path: string) => tree.set(path, readFileSync(resolve(root, path), "utf8"));
  const walk = (directory: string): void => {
    for (const entry of readdirSync(resolve(root, directory), { withFileTypes: true })) {
      const path = directory === "" ? entry.name : `${directory}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!ignored.has(entry.name) && (directory !== "" || ["packages", "tooling"].includes(entry.name))) walk(path);
      } else if (entry.isFile() && (source.test(entry.name) || entry.name === "package.json")) add(path);
    }
  };
  walk("");
  return tree;
};

if (import.meta.main) {
  const { picture, violations } = check(read(resolve(process.argv[2] ?? ".")));
  process.stdout.write(`${picture}\n`);
  if (violations.length > 0) {
    const lines = violations.map(({ file, line, message }) => `${file}:${line}: ${message}`);
    process.stdout.write(`\n${lines.join("\n")}\n\n${violations.length} violations of the house's order of imports\n`);
    process.exitCode = 1;
  }
}
