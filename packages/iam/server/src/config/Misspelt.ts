/** Keys that are stated and that nobody reads: most often one of ours, misspelt. */
import { Errors } from "@beep/iam-domain";
import * as Config from "effect/Config";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import { closestMatch } from "leven";

/** What the names of our own keys begin with; the others are OpenTelemetry's, and what everybody calls a database. */
const PREFIX = "IAM_";

/** As many edits as a slip makes: two letters that changed places are two. */
const SLIP = 2;

/** Too short, and too common, for what is nearly the same to be a slip. */
const COMMON: ReadonlySet<string> = new Set(["HOST", "PORT"]);

/** What Kubernetes states in every container beside a service of the name `iam`. */
const KUBERNETES = /^IAM_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** The key that was most likely meant. */
const nearest = (written: string, keys: ReadonlyArray<string>, edits: number): string | undefined =>
  closestMatch(
    written,
    keys.filter((key) => !COMMON.has(key)),
    { maxDistance: written.startsWith(PREFIX) ? edits : SLIP },
  );

/** What is stated below a path, by its full names. The environment is a tree too, in which `_` parts the names. */
const statedBelow = (
  provider: ConfigProvider.ConfigProvider,
  path: ReadonlyArray<string>,
): Effect.Effect<ReadonlyArray<string>, ConfigProvider.SourceError> =>
  Effect.gen(function* () {
    const node = yield* provider.load(path);
    if (node === undefined) return [];
    const name = path.join("_");
    if (node._tag !== "Record") return [name];
    const below = yield* Effect.forEach(node.keys, (key) => statedBelow(provider, [...path, key]));
    return [...(node.value === undefined ? [] : [name]), ...below.flat()];
  });

/** Names that are stated and are no keys, each with the key that was most likely meant; nothing where none can be told. */
const read = Effect.fnUntraced(function* (keys: ReadonlyArray<string>, edits: (written: string) => number) {
  const provider = yield* ConfigProvider.ConfigProvider;
  const stated = yield* Effect.mapError(statedBelow(provider, []), (cause) => new Config.ConfigError(cause));
  return stated
    .filter((name) => !keys.includes(name) && !KUBERNETES.test(name))
    .map((written) => {
      const meant = nearest(written, keys, edits(written));
      // Where both are stated nothing was misspelt.
      return { written, meant: meant !== undefined && stated.includes(meant) ? undefined : meant };
    });
});

const refuse = (others: ReadonlyArray<{ readonly written: string; readonly meant: string | undefined }>) => {
  const slips = others.flatMap(({ written, meant }) => (meant === undefined ? [] : [{ written, meant }]));
  if (slips.length === 0) return Effect.void;
  return new Errors.StartupError({
    code: "CONFIGURATION_INVALID",
    message: `${slips.map(({ written }) => written).join(", ")} ${slips.length === 1 ? "is no key" : "are no keys"} of the configuration.`,
    remedy: `Did you mean ${[...new Set(slips.map(({ meant }) => meant))].join(", ")}? All keys are in docs/configuration.md.`,
  });
};

/**
 * Refuses names that are nearly a key that is not stated, for a process whose configuration is nobody else's; of what
 * else begins like our keys it says in the log that nobody reads it.
 */
export const demandKnown = Effect.fn("Misspelt.demandKnown")(function* (keys: ReadonlyArray<string>) {
  const others = yield* read(keys, (written) => Math.floor(written.length / 3));
  yield* refuse(others);
  for (const { written } of others.filter(({ written }) => written.startsWith(PREFIX))) {
    yield* Effect.logWarning(`${written} is no key of the configuration: nobody reads it.`);
  }
});

/**
 * Refuses names that are one of our keys but for a slip, and that key is not stated, for an application that may have
 * keys of its own that begin like ours.
 */
export const demandNoSlip = Effect.fn("Misspelt.demandNoSlip")(function* (keys: ReadonlyArray<string>) {
  yield* refuse(yield* read(keys, () => SLIP));
});
