/**
 * The one text of a JSON value (RFC 8785), whichever way it was made: what is hashed and signed of an event. Properties are
 * sorted by UTF-16 code units, and numbers are written as ECMAScript writes them.
 */
import canonicalize from "canonicalize";
import * as Schema from "effect/Schema";

const isJson = Schema.is(Schema.Json);

/**
 * A value's canonical text.
 *
 * What no JSON text can hold is a defect: `NaN`, infinities, half a surrogate pair, and, past the types, `undefined`,
 * holes, cycles and objects of a class. The library alone would leave some of them out in silence, so that two values
 * had one text.
 */
export const text = (value: Schema.Json): string => {
  const canonical = isJson(value) ? canonicalize(value) : undefined;
  if (canonical === undefined) throw new TypeError("This is not a JSON value.");
  return canonical;
};
