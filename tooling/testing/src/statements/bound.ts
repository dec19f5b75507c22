/** The parameters of a statement, as a client binds them. */

/** A parameter: the type that the client states, `unknown` where the server is to find it, and the value's text. */
export interface Parameter {
  readonly type: string;
  readonly value: string | null;
}

const BINARY = 1;

interface Type {
  readonly name: string;
  /** How it is read where it is not sent as text. */
  readonly read: (bytes: Buffer) => string;
}

const utf8 = (bytes: Buffer) => bytes.toString("utf8");

/** The types that our statements have, by PostgreSQL's numbers. */
const types: Readonly<Record<number, Type>> = {
  0: { name: "unknown", read: utf8 },
  16: { name: "boolean", read: (bytes) => String(bytes[0] === 1) },
  20: { name: "bigint", read: (bytes) => String(bytes.readBigInt64BE()) },
  21: { name: "smallint", read: (bytes) => String(bytes.readInt16BE()) },
  23: { name: "integer", read: (bytes) => String(bytes.readInt32BE()) },
  25: { name: "text", read: utf8 },
  701: { name: "double precision", read: (bytes) => String(bytes.readDoubleBE()) },
  1184: {
    name: "timestamptz",
    read: (bytes) => new Date(Date.UTC(2000) + Number(bytes.readBigInt64BE() / 1000n)).toISOString(),
  },
  2950: { name: "uuid", read: (bytes) => bytes.toString("hex") },
};

/** What a type that nobody reads yet shows as: a statement with it can be counted, and not explained. */
const unread = (type: number): Type => ({ name: `type ${type}`, read: (bytes) => bytes.toString("hex") });

const readerOf = (body: Buffer) => {
  let at = 0;
  const next = (size: number) => {
    at += size;
    return body.subarray(at - size, at);
  };
  return { int16: () => next(2).readInt16BE(), int32: () => next(4).readInt32BE(), next };
};

/** The types in a `Parse`, from behind the statement on. */
export const typesOf = (body: Buffer): ReadonlyArray<number> => {
  const { int16, int32 } = readerOf(body);
  return Array.from({ length: int16() }, int32);
};

/** The parameters in a `Bind`, from behind the names on: of the formats there are none for all, one, or each its own. */
export const parametersOf = (body: Buffer, stated: ReadonlyArray<number>): ReadonlyArray<Parameter> => {
  const { int16, int32, next } = readerOf(body);
  const formats = Array.from({ length: int16() }, int16);
  return Array.from({ length: int16() }, (_, index) => {
    const number = stated[index] ?? 0;
    const { name, read } = types[number] ?? unread(number);
    const size = int32();
    if (size < 0) return { type: name, value: null };
    const bytes = next(size);
    const format = formats.length === 1 ? formats[0] : formats[index];
    return { type: name, value: format === BINARY ? read(bytes) : utf8(bytes) };
  });
};
