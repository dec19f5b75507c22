/**
 * Secrets on their way between Better Auth and the database, as `secrets.ts` says of each: what is sealed is sealed before
 * it is written and opened after it was read, and what is looked up is looked up by its digest.
 */
import type { KeyObject } from "node:crypto";
import { Digest } from "@beep/shared-domain";
import type { BetterAuthOptions } from "@better-auth/core";
import { getAuthTables } from "@better-auth/core/db";
import type { JoinOption, Where } from "@better-auth/core/db/adapter";
import { APIError } from "@better-auth/core/error";
import type { PgColumn } from "drizzle-orm/pg-core";
import * as Effect from "effect/Effect";
import * as Predicate from "effect/Predicate";
import * as Redacted from "effect/Redacted";
import * as Result from "effect/Result";
import * as Secrets from "../crypto/Secrets.ts";
import * as digests from "./digests.ts";
import { invalidValue } from "./malformed.ts";
import * as presented from "./presented.ts";
import * as promises from "./promises.ts";
import { type Plan, plans, type Row } from "./secrets.ts";

/** What secrets are kept by. */
export interface Means {
  readonly secrets: Secrets.Secrets["Service"];
  /** Keys the digests of what could be guessed. */
  readonly digestingKey: KeyObject;
}

/** As a failure that Better Auth lets through, where it is a matter of trying later or of somebody who is gone. */
export const asRefusal = <A, E extends { readonly _tag: string }>(
  effect: Effect.Effect<A, E>,
): Effect.Effect<A, E | promises.Thrown> =>
  Effect.mapError(effect, (error) => {
    if (error._tag === "KeyManagementUnavailable") {
      return new promises.Thrown({
        thrown: new APIError("SERVICE_UNAVAILABLE", {
          code: "KEY_MANAGEMENT_UNAVAILABLE",
          message: "The key management does not answer.",
        }),
      });
    }
    if (error._tag === "CommitUnknown") return promises.commitUnknown();
    if (error._tag === "KeyDestroyed") {
      return new promises.Thrown({
        thrown: new APIError("GONE", {
          code: "KEY_DESTROYED",
          message: "The key of whom this belongs to was destroyed.",
        }),
      });
    }
    return error;
  });

/** What a read is to give: rows of a model, and what was joined to each, by the names that the join has. */
interface Read {
  readonly plan: Plan | undefined;
  readonly joined: ReadonlyArray<readonly [string, Plan]>;
}

/** What stands in a row, to be opened. */
interface Found {
  readonly row: Record<string, unknown>;
  readonly field: string;
  readonly column: PgColumn;
  readonly sealed: Secrets.Sealed;
}

/** The values that envelopes were just made of, by which a row that was just written needs no opening. */
export type Known = ReadonlyMap<string, string>;

const nothingKnown: Known = new Map();

/** The digest by which a field is looked up. */
export const digestWith = ({ digestingKey }: Means, { digested, model }: Plan, field: string, text: string): string =>
  digested.get(field)?.by === "HMAC"
    ? digests.ofGuessable(digestingKey, `${model}.${field}`, text)
    : digests.ofRandom(text);

/** Keeps the secrets of the models that options have. */
export const makeKeeper = (means: Means, options: BetterAuthOptions) => {
  const { secrets } = means;
  const { fieldsOf, planOf } = namesOf(options);

  const digestOf = (plan: Plan, field: string, text: string): string => {
    // Who lists rows is shown digests, and names one by it.
    if (plan.digested.get(field)?.listed && Digest.is(text)) return text;
    const digest = digestWith(means, plan, field, text);
    presented.remember(digest, text);
    return digest;
  };

  /** The conditions with digests in them. What is sealed cannot be looked for, and a digest only as a whole. */
  const asked = (plan: Plan, where: ReadonlyArray<Where>, raw: Map<string, string>): Where[] =>
    where.map((part) => {
      const field = fieldsOf(plan.model, part.field);
      if (plan.sealed.has(field)) throw invalidValue(`"${part.field}" is sealed, and cannot be looked for.`);
      if (!plan.digested.has(field) || part.value === null) return part;
      const { operator = "eq", value } = part;
      const digest = (text: unknown): string => {
        if (typeof text !== "string") throw invalidValue(`"${part.field}" cannot be compared in this way.`);
        const made = digestOf(plan, field, text);
        raw.set(made, text);
        return made;
      };
      if (operator === "eq" || operator === "ne") return { ...part, value: digest(value) };
      if ((operator === "in" || operator === "not_in") && Array.isArray(value)) {
        return { ...part, value: value.map(digest) };
      }
      throw invalidValue(`"${part.field}" is kept as a digest, and cannot be compared in this way.`);
    });

  /** Values with digests instead of what is looked up. */
  const digested = (plan: Plan, values: Row, raw: Map<string, string>): Record<string, unknown> => {
    const changed: Record<string, unknown> = { ...values };
    for (const field of plan.digested.keys()) {
      const value = values[field];
      if (typeof value !== "string") continue;
      const digest = digestOf(plan, field, value);
      raw.set(digest, value);
      changed[field] = digest;
    }
    return changed;
  };

  /** Seals values of a row, which says whose it is: inside the transaction that writes it. */
  const seal = async (
    plan: Plan,
    rows: ReadonlyArray<{ readonly row: Row; readonly values: Row }>,
  ): Promise<{ readonly values: ReadonlyArray<Row>; readonly known: Known }> => {
    const wanted = rows.flatMap(({ row, values }, index) =>
      [...plan.sealed].flatMap(([field, column]) => {
        const value = values[field];
        if (typeof value !== "string") return [];
        const place = Secrets.at(column, String(row.id));
        return [{ index, field, value, unsealed: { owner: plan.owner.of(row), place, value: Redacted.make(value) } }];
      }),
    );
    if (wanted.length === 0) return { values: rows.map(({ values }) => values), known: nothingKnown };
    const envelopes = await promises.leave(asRefusal(secrets.seal(wanted.map(({ unsealed }) => unsealed))));
    const known = new Map<string, string>();
    const written = rows.map(({ values }) => ({ ...values }) as Record<string, unknown>);
    wanted.forEach(({ field, index, value }, at) => {
      const envelope = envelopes[at] ?? "";
      known.set(envelope, value);
      Object.assign(written[index] ?? {}, { [field]: envelope });
    });
    return { values: written, known };
  };

  /** What of a row is sealed. */
  const foundIn = (plan: Plan, row: Record<string, unknown>): ReadonlyArray<Found> =>
    [...plan.sealed].flatMap(([field, column]) => {
      const envelope = row[field];
      if (typeof envelope !== "string") return [];
      const place = Secrets.at(column, String(row.id));
      return [{ row, field, column, sealed: { owner: plan.owner.of(row), place, envelope } }];
    });

  const opened = async (found: ReadonlyArray<Found>, known: Known): Promise<void> => {
    const shut = found.filter(({ field, row, sealed }) => {
      const value = known.get(sealed.envelope);
      if (value !== undefined) row[field] = value;
      return value === undefined;
    });
    if (shut.length === 0) return;
    const results = await promises.leave(asRefusal(secrets.openEach(shut.map(({ sealed }) => sealed))));
    results.forEach((result, index) => {
      const { column, field, row } = shut[index] ?? {};
      if (row === undefined || field === undefined) return;
      if (Result.isSuccess(result)) {
        row[field] = Redacted.value(result.success);
        return;
      }
      // What was destroyed is gone. Anything else denies, as a failure of the server's.
      if (result.failure.reason !== "key destroyed" || column?.notNull !== false) throw result.failure;
      row[field] = null;
    });
  };

  /** Digests as they were presented. */
  const recall = (plan: Plan, row: Record<string, unknown>, raw: ReadonlyMap<string, string>): void => {
    for (const field of plan.digested.keys()) {
      const digest = row[field];
      if (typeof digest === "string") row[field] = raw.get(digest) ?? presented.recalled(digest);
    }
  };

  /** Gives rows as Better Auth knows them, and what was joined to them. The rows are the adapter's own, and changed in place. */
  const give = async (
    { plan, joined }: Read,
    rows: ReadonlyArray<unknown>,
    raw: ReadonlyMap<string, string> = nothingKnown,
    known: Known = nothingKnown,
  ): Promise<void> => {
    const all = rows.filter(Predicate.isObject).flatMap(
      (row: object): ReadonlyArray<readonly [Plan, object]> => [
        ...(plan === undefined ? [] : [[plan, row] as const]),
        ...joined.flatMap(([name, of]) =>
          [Predicate.hasProperty(row, name) ? row[name] : undefined]
            .flat()
            .filter(Predicate.isObject)
            .map((part) => [of, part] as const),
        ),
      ],
    );
    const records = all.map(([of, row]) => [of, row as Record<string, unknown>] as const);
    await opened(
      records.flatMap(([of, row]) => foundIn(of, row)),
      known,
    );
    for (const [of, row] of records) recall(of, row, raw);
  };

  return {
    planOf,
    fieldOf: fieldsOf,
    asked,
    digested,
    seal,
    give,
    readOf: (model: string, join?: JoinOption): Read => ({
      plan: planOf(model),
      joined: Object.keys(join ?? {}).flatMap((name) => {
        const plan = planOf(name);
        // What was joined goes by its model's own name, whichever it was asked for by.
        return plan === undefined ? [] : [[plan.model, plan] as const];
      }),
    }),
  };
};

/** Whether values hold something that is sealed. */
export const hasSealed = (plan: Plan, values: Row | undefined): boolean =>
  values !== undefined && [...plan.sealed.keys()].some((field) => typeof values[field] === "string");

/** Whether values change whose a row is: then all that it has sealed is sealed anew. */
export const changesOwner = (plan: Plan, values: Row | undefined): boolean =>
  values !== undefined && plan.owner.fields.some((field) => values[field] !== undefined);

/** The plans and the fields by every name that options give them. */
const namesOf = (options: BetterAuthOptions) => {
  const models = new Map<string, { readonly plan: Plan | undefined; readonly fields: ReadonlyMap<string, string> }>();
  for (const [model, { fields, modelName }] of Object.entries(getAuthTables(options))) {
    const names = new Map(
      Object.entries(fields).flatMap(([field, { fieldName = field }]) =>
        [field, fieldName].map((name) => [name, field] as const),
      ),
    );
    for (const name of [model, modelName]) models.set(name, { plan: plans.get(model), fields: names });
  }
  return {
    planOf: (model: string): Plan | undefined => models.get(model)?.plan,
    /** A field by the name that Better Auth has for it. */
    fieldsOf: (model: string, name: string): string => models.get(model)?.fields.get(name) ?? name,
  };
};
