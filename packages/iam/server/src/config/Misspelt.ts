/** Keys that are stated and that nobody reads: most often one of ours, misspelt. */
import { Errors } from "@beep/iam-domain";
import * as Config from "effect/Config";
import * as ConfigProvider from "effect/ConfigProvider";
import * as Effect from "effect/Effect";
import { closestMatch } from "leven";

/** What the names of our own keys begin with. */
const PREFIX = "IAM_";

/** As many edits as a slip makes: two letters that changed places are two. */
const SLIP = 2;

/**
 * The key that was most likely meant.
 *
 * @param edits how many letters may differ; a third of what was written unless stated
 */
const nearest = (
  written: string,
  keys: ReadonlyArray<string>,
  edits = Math.floor(written.length / 3),
): string | undefined => closestMatch(written, [...keys], { maxDistance: edits });

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
    const names = [...node.keys].filter((key) => path.length > 0 || `${key}_`.startsWith(PREFIX));
    const below = yield* Effect.forEach(names, (key) => statedBelow(provider, [...path, key]));
    return [...(node.value === undefined ? [] : [name]), ...below.flat()];
  });

/** What Config states that begins like ours, and what of it is none; nothing where it cannot tell which keys it has. */
const read = Effect.fnUntraced(function* (keys: ReadonlyArray<string>) {
  const provider = yield* ConfigProvider.ConfigProvider;
  const stated = yield* Effect.mapError(statedBelow(provider, []), (cause) => new Config.ConfigError(cause));
  return { stated, others: stated.filter((key) => !keys.includes(key)) };
});

const refusal = (written: ReadonlyArray<string>, meant: ReadonlyArray<string | undefined>) => {
  const suggestions = [...new Set(meant)].filter((key) => key !== undefined);
  return new Errors.StartupError({
    code: "CONFIGURATION_INVALID",
    message: `${written.join(", ")} ${written.length === 1 ? "is no key" : "are no keys"} of the configuration.`,
    remedy: `${suggestions.length === 0 ? "Remove it." : `Did you mean ${suggestions.join(", ")}?`} All keys are in docs/configuration.md.`,
  });
};

/** Refuses every key that begins like ours and is none, for a process whose configuration is nobody else's. */
export const demandKnown = Effect.fn("Misspelt.demandKnown")(function* (keys: ReadonlyArray<string>) {
  const { others } = yield* read(keys);
  if (others.length > 0) {
    return yield* refusal(
      others,
      others.map((key) => nearest(key, keys)),
    );
  }
});

/**
 * Refuses keys that are one of ours but for a slip, for an application that may have keys of its own that begin like
 * ours. Where both are stated nothing was misspelt.
 */
export const demandNoSlip = Effect.fn("Misspelt.demandNoSlip")(function* (keys: ReadonlyArray<string>) {
  const { stated, others } = yield* read(keys);
  const slips = others.flatMap((written) => {
    const meant = nearest(written, keys, SLIP);
    return meant === undefined || stated.includes(meant) ? [] : [{ written, meant }];
  });
  if (slips.length > 0) {
    return yield* refusal(
      slips.map(({ written }) => written),
      slips.map(({ meant }) => meant),
    );
  }
});
