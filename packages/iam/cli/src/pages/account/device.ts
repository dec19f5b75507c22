/** What a browser says it is, in two words: a hint for its owner, on which nothing depends. */

const browsers: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/\bChrome\/|\bCriOS\/|\bHeadlessChrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
];

const systems: ReadonlyArray<readonly [RegExp, string]> = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

const first = (names: ReadonlyArray<readonly [RegExp, string]>, text: string): string | undefined =>
  names.find(([pattern]) => pattern.test(text))?.[1];

/** What a `User-Agent` says: `Firefox on Windows`. */
export const deviceOf = (userAgent: string | null | undefined): string => {
  const text = userAgent ?? "";
  const browser =
    first(browsers, text) ?? (text === "" ? "Unknown device" : (/^[\w-]+/.exec(text)?.[0] ?? "Unknown device"));
  const system = first(systems, text);
  return system === undefined ? browser : `${browser} on ${system}`;
};
