/**
 * Splits JavaScript or TypeScript into what is code and what is not, without a compiler: enough to find imports and
 * left-over markers, and to not find them in comments, strings and regular expressions.
 */

export interface Token {
  readonly kind: "name" | "punctuator" | "number" | "string" | "template" | "regex" | "comment";
  /** As written; of a string its value between the quotes, of a template only the part up to the next `${` or the end. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** After one of these names a slash begins a regular expression, after every other it divides. */
const namesBeforeRegex = new Set([
  "await",
  "case",
  "default",
  "delete",
  "do",
  "else",
  "in",
  "instanceof",
  "new",
  "of",
  "return",
  "throw",
  "typeof",
  "void",
  "yield",
]);

const nameStart = /[\p{ID_Start}$_#]/u;
const name = /[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*/uy;
const number = /\d[\w.]*|\.\d[\w.]*/y;
const regex = /\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;

const match = (pattern: RegExp, source: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
};

/** The tokens of a source in order. What cannot be read (an unclosed string) ends at its line's end. */
export const tokenize = (source: string): ReadonlyArray<Token> => {
  const tokens: Array<Token> = [];
  /** For every open brace whether it is that of a template's `${`. */
  const braces: Array<"block" | "template"> = [];
  let previous: Token | undefined;
  let at = 0;

  const push = (kind: Token["kind"], start: number, end: number, text = source.slice(start, end)) => {
    const token: Token = { kind, text, start, end };
    tokens.push(token);
    if (kind !== "comment") previous = token;
    at = end;
  };

  const mayBeRegex = (): boolean => {
    if (previous === undefined) return true;
    if (previous.kind === "punctuator") return ![")", "]", "}"].includes(previous.text);
    return previous.kind === "name" && namesBeforeRegex.has(previous.text);
  };

  /** Reads on in a template from behind its back quote or behind the brace that closes a substitution. */
  const template = (start: number) => {
    let i = start + 1;
    while (i < source.length) {
      const c = source[i];
      if (c === "\\") i += 2;
      else if (c === "`") return push("template", start, i + 1, source.slice(start + 1, i));
      else if (c === "$" && source[i + 1] === "{") {
        braces.push("template");
        return push("template", start, i + 2, source.slice(start + 1, i));
      } else i += 1;
    }
    return push("template", start, source.length, source.slice(start + 1));
  };

  if (source.startsWith("#!")) {
    const end = source.indexOf("\n");
    push("comment", 0, end === -1 ? source.length : end);
  }

  while (at < source.length) {
    const c = source[at] ?? "";
    const next = source[at + 1];
    if (/\s/.test(c)) {
      at += 1;
    } else if (c === "/" && next === "/") {
      const end = source.indexOf("\n", at);
      push("comment", at, end === -1 ? source.length : end);
    } else if (c === "/" && next === "*") {
      const end = source.indexOf("*/", at + 2);
      push("comment", at, end === -1 ? source.length : end + 2);
    } else if (c === '"' || c === "'") {
      let end = at + 1;
      while (end < source.length && source[end] !== c && source[end] !== "\n") end += source[end] === "\\" ? 2 : 1;
      const closed = source[end] === c;
      push("string", at, Math.min(closed ? end + 1 : end, source.length), source.slice(at + 1, end));
    } else if (c === "`") {
      template(at);
    } else if (c === "}" && braces.at(-1) === "template") {
      braces.pop();
      template(at);
    } else if (c === "/" && mayBeRegex()) {
      const text = match(regex, source, at);
      if (text === undefined) push("punctuator", at, at + 1);
      else push("regex", at, at + text.length);
    } else if (/\d/.test(c) || (c === "." && next !== undefined && /\d/.test(next))) {
      push("number", at, at + (match(number, source, at)?.length ?? 1));
    } else if (nameStart.test(c)) {
      push("name", at, at + (match(name, source, at)?.length ?? 1));
    } else {
      if (c === "{") braces.push("block");
      else if (c === "}") braces.pop();
      push("punctuator", at, at + 1);
    }
  }
  return tokens;
};

/** The source with its comments, strings, templates and regular expressions blanked: offsets and lines stay. */
export const codeOf = (source: string, tokens: ReadonlyArray<Token>): string => {
  const parts: Array<string> = [];
  let at = 0;
  for (const token of tokens) {
    if (token.kind === "name" || token.kind === "punctuator" || token.kind === "number") continue;
    parts.push(source.slice(at, token.start), source.slice(token.start, token.end).replace(/[^\n]/g, " "));
    at = token.end;
  }
  parts.push(source.slice(at));
  return parts.join("");
};

/** A function from an offset to its line, counted from 1. */
export const linesOf = (source: string): ((offset: number) => number) => {
  const starts = [0];
  for (let i = source.indexOf("\n"); i !== -1; i = source.indexOf("\n", i + 1)) starts.push(i + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
};

export interface Import {
  /** What is imported, as written. */
  readonly specifier: string;
  readonly line: number;
}

/** Every module that a source names: static, type-only and dynamic imports, re-exports and `require`. */
export const importsOf = (source: string): ReadonlyArray<Import> => {
  const tokens = tokenize(source).filter((token) => token.kind !== "comment");
  const line = linesOf(source);
  const found: Array<Import> = [];
  const add = (token: Token) => found.push({ specifier: token.text, line: line(token.start) });
  const is = (token: Token | undefined, text: string) =>
    token !== undefined && token.text === text && (token.kind === "name" || token.kind === "punctuator");
  const literal = (token: Token | undefined): token is Token =>
    token?.kind === "string" || (token?.kind === "template" && token.end - token.start === token.text.length + 2);

  /** From the clause that begins at `i` to the string behind its `from`, if it has one. */
  const from = (start: number): Token | undefined => {
    let inBraces = false;
    for (let i = start; i < tokens.length; i += 1) {
      const token = tokens[i];
      const next = tokens[i + 1];
      if (is(token, "{")) inBraces = true;
      else if (is(token, "}")) {
        if (!is(next, "from")) return undefined;
        inBraces = false;
      } else if (!inBraces) {
        if (is(token, "from") && next?.kind === "string") return next;
        if (token?.kind !== "name" && !is(token, "*") && !is(token, ",")) return undefined;
      }
    }
    return undefined;
  };

  for (const [i, token] of tokens.entries()) {
    if (token.kind !== "name" || is(tokens[i - 1], ".")) continue;
    const next = tokens[i + 1];
    if (token.text === "import" && next?.kind === "string") add(next);
    else if ((token.text === "import" || token.text === "require") && is(next, "(")) {
      const argument = tokens[i + 2];
      if (literal(argument)) add(argument);
    } else if (token.text === "import" && !is(next, ".") && !is(next, ":")) {
      const module = from(i + 1);
      if (module !== undefined) add(module);
    } else if (token.text === "export" && (is(next, "*") || is(next, "{") || is(next, "type"))) {
      const module = from(i + 1);
      if (module !== undefined) add(module);
    }
  }
  return found;
};
