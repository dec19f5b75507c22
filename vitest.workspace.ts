/** How the tests run: `unit` and `types` need nothing, `database` needs PostgreSQL, `long` runs only when it is named. */
import { configDefaults, defineConfig } from "vitest/config";

const unit = [
  "{packages,tooling}/**/src/**/*.test.ts",
  "{packages,tooling}/**/test/unit/**/*.test.ts",
  "tooling/checks/test/**/*.test.ts",
];
const long = ["**/*.long.test.ts"];

// What vitest itself sets, behind the condition under which a workspace package is its sources.
const conditions = ["@beep/source", "node", "development|production"];

const database = {
  globalSetup: "tooling/testing/src/globalSetup.ts",
  // Two cores do the work of the tests, of two servers and perhaps of somebody else.
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

// vitest runs every project unless some are named, and has no way to say that one is not for every day.
const isLongNamed = process.argv.some((argument) => /^(--project=)?long$/.test(argument));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // In which vitest runs the global setup.
  environments: { __vitest__: { resolve: { conditions, externalConditions: conditions } } },
  test: {
    pool: "forks",
    maxWorkers: 2,
    // A process loads the services once, and not for each file anew, which took a quarter of the time. Tests share no state:
    // each file has databases and layers of its own, and modules hold none.
    isolate: false,
    projects: [
      {
        extends: true,
        test: { name: "unit", include: unit, exclude: [...configDefaults.exclude, ...long] },
      },
      {
        extends: true,
        test: {
          name: "types",
          typecheck: {
            enabled: true,
            only: true,
            include: ["{packages,tooling}/**/*.test-d.ts"],
            // The same build as `pnpm types`, so that whichever comes second has next to nothing to do.
            build: true,
            tsconfig: "tsconfig.json",
          },
        },
      },
      {
        extends: true,
        test: {
          ...database,
          name: "database",
          include: ["packages/*/*/test/**/*.test.ts", "tooling/*/test/**/*.test.ts"],
          exclude: [...configDefaults.exclude, ...unit, ...long],
        },
      },
      ...(isLongNamed
        ? [
            {
              extends: true as const,
              test: { ...database, name: "long", include: long, testTimeout: 600_000, hookTimeout: 120_000 },
            },
          ]
        : []),
    ],
  },
});
