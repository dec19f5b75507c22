/**
 * Examines an installation: what Config says, whether mail leaves, and whether the database is what it should be. It
 * changes nothing, and what it finds carries no secret.
 */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Reactivity from "effect/reactivity/Reactivity";
import * as places from "./config/places.ts";
import { examineConfiguration, type Keys } from "./doctor/configuration.ts";
import * as Expected from "./doctor/Expected.ts";
import { examineEmbedded } from "./doctor/embedded.ts";
import { examineMail } from "./doctor/mail.ts";
import { examineServerAt } from "./doctor/server.ts";
import * as Iam from "./Iam.ts";

/**
 * What is wrong, by subjects; nothing where everything is in order.
 *
 * @param options.keys what else the configuration has, beside the services' own: then every other key that begins like
 * ours is found, and not only one that is nearly ours
 * @param options.expected gives what a healthy database has, for who examines often: to find it out takes seconds
 */
export const examine = Effect.fn("Doctor.examine")(function* ({
  keys = {},
  expected = Expected.expected,
}: {
  readonly keys?: Keys;
  readonly expected?: Expected.Find;
} = {}) {
  const url = Option.flatten(yield* Effect.option(places.keys.databaseUrl));
  const database = Option.match(url, {
    onNone: () => examineEmbedded(expected),
    onSome: (address) => examineServerAt(address, expected),
  });
  return [
    ...(yield* examineConfiguration(Iam.keys, keys, url)),
    ...(yield* examineMail(Option.isSome(url))),
    ...(yield* Effect.provide(database, Reactivity.layer)),
  ];
});
