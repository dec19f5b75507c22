/** Failing for what was found. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { Finding } from "./Finding.ts";

/** Tenants are not kept apart, or it could not be tried. */
export class NotIsolated extends Schema.TaggedError<NotIsolated>()("NotIsolated", {
  findings: Schema.Array(
    Schema.Struct({
      table: Schema.String,
      says: Schema.String,
      statement: Schema.optional(Schema.String),
      remedy: Schema.String,
    }),
  ),
}) {
  override get message() {
    const shown = this.findings.slice(0, 20);
    return [
      `Tenants are not kept apart in ${new Set(this.findings.map(({ table }) => table)).size} of the tables.`,
      ...shown.flatMap(({ remedy, says, statement, table }) => [
        `${table}: ${says}`,
        ...(statement === undefined ? [] : [`  by: ${statement}`]),
        `  ${remedy}`,
      ]),
      ...(this.findings.length > shown.length ? [`And ${this.findings.length - shown.length} more.`] : []),
    ].join("\n");
  }
}

/** Fails where a report has findings, and says of each what leaks and what to do. */
export const assertIsolated = ({
  findings,
}: {
  readonly findings: ReadonlyArray<Finding>;
}): Effect.Effect<void, NotIsolated> =>
  findings.length === 0 ? Effect.void : Effect.fail(new NotIsolated({ findings }));
