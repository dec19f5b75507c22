/** Somebody who uses the server, and remembers its cookies. */
import * as Predicate from "effect/Predicate";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body, when it is JSON. */
  readonly json: unknown;
}

/** The text at a place in an answer's JSON. */
export const textAt = ({ json, text }: Answer, ...path: ReadonlyArray<string>): string => {
  const found = path.reduce<unknown>(
    (value, key) => (Predicate.hasProperty(value, key) ? value[key] : undefined),
    json,
  );
  if (typeof found !== "string") throw new Error(`There is no ${path.join(".")} in ${text}`);
  return found;
};

export class Browser {
  readonly url: string;
  readonly cookies = new Map<string, string>();

  constructor(url: string) {
    this.url = url;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = new Headers({ origin: this.url, ...Object.fromEntries(new Headers(init.headers)) });
    if (this.cookies.size > 0) {
      headers.set("cookie", [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    }
    const response = await fetch(new URL(path, this.url), { redirect: "manual", ...init, headers });
    for (const setCookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
      if (/max-age=0/i.test(setCookie)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const text = await response.text();
    const isJson = text !== "" && /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.fetch(path, { headers });
  }

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Sends a form, as a page would. */
  submit(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    return this.fetch(path, { method: "POST", body: new URLSearchParams(fields) });
  }
}
