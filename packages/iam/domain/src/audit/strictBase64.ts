/** Base64 (RFC 4648, section 4) of which each value has one text: no line breaks, no padding left out, no stray bits. */
import * as Base64 from "effect/encoding/Base64";
import * as Option from "effect/Option";
import * as Result from "effect/Result";

/** The bytes, unless the text is not exactly what encoding them gives. */
export const decode = (text: string): Option.Option<Uint8Array> =>
  Option.filter(Result.getSuccess(Base64.decode(text)), (bytes) => Base64.encode(bytes) === text);
