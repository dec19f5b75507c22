import * as Schema from "effect/Schema";

/** A PostgreSQL server cannot be had on this machine; `reason` says why and, where there is one, the remedy. */
export class PostgresUnavailable extends Schema.TaggedError<PostgresUnavailable>()("PostgresUnavailable", {
  reason: Schema.String,
  cause: Schema.optional(Schema.Defect()),
}) {
  override get message() {
    return this.reason;
  }
}
