/**
 * Passwords that are guessed first, although they are long: SP 800-63B-4, 3.1.1.2, wants common ones refused, and those
 * that are made of repetitions, of sequences, or of the names of the service and of the user.
 *
 * Lists of common passwords hold hardly any of 15 characters, so that looking a password up is not enough. What is easily
 * guessed is taken away first, and the rest has to be neither short nor common. A phrase of several words stays as it is:
 * that each of them is common is no harm.
 */
import { dictionary } from "@zxcvbn-ts/language-common";

/** Of so many characters is what has to be guessed, at least: as many as a password beside a second factor has. */
const MIN_NOVEL = 8;

/** A run is as long as this, or longer. */
const MIN_RUN = 4;

const rows = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890",
  "qwertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "qazwsxedcrfvtgbyhnujm",
  "1q2w3e4r5t6y7u8i9o0p",
];
const sequences = rows.flatMap((row) => [row, [...row].reverse().join("")]);

/** Signs that stand in for letters. */
const meant: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "@": "a",
  $: "s",
  "!": "i",
};

let loaded: ReadonlySet<string> | undefined;

/** Made when it is first needed, from fifty thousand lines. */
const common = (): ReadonlySet<string> =>
  (loaded ??= new Set(dictionary["passwords-common"].map(compact).filter((text) => text !== "")));

/** Letters and digits alone. */
const compact = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");

/** What is repeated, once: the shortest beginning that the text goes on with to its end, twice at least. */
const withoutRepetition = (text: string): string => {
  for (let period = 1; period * 2 <= text.length; period++) {
    if (text.startsWith(text.slice(period))) return text.slice(0, period);
  }
  return text;
};

/** The length of the run that begins there: of one character, or along a sequence. */
const runAt = (text: string, begin: number): number => {
  let end = begin + 1;
  while (text[end] === text[begin] && end < text.length) end++;
  for (const sequence of sequences) {
    const from = sequence.indexOf(text[begin] ?? " ");
    if (from < 0) continue;
    let length = 1;
    while (begin + length < text.length && text[begin + length] === sequence[from + length]) length++;
    end = Math.max(end, begin + length);
  }
  return end - begin;
};

const withoutRuns = (text: string): string => {
  let rest = "";
  for (let at = 0; at < text.length; ) {
    const length = runAt(text, at);
    if (length < MIN_RUN) rest += text.slice(at, at + length);
    at += length;
  }
  return rest;
};

const withoutWords = (text: string, words: ReadonlyArray<string>): string =>
  words
    .map(compact)
    .filter((word) => word.length >= 3)
    .toSorted((one, other) => other.length - one.length)
    .reduce((rest, word) => rest.replaceAll(word, ""), text);

/** The forms in which a password is looked at: as it is, and with the letters that its signs stand in for. */
const forms = (password: string): ReadonlyArray<string> => {
  const lower = password.toLowerCase();
  return [lower, [...lower].map((sign) => meant[sign] ?? sign).join("")].map(compact);
};

/** How many different signs there are: each is something to guess, and the same one again is not. */
const countSigns = (password: string): number => new Set(password.match(/[^\p{L}\p{N}]/gu)).size;

/**
 * Whether a password is among those that are tried first.
 *
 * @param words what says something of the service or of the user: names, addresses
 */
export const isPredictable = (password: string, words: ReadonlyArray<string>): boolean =>
  forms(password).some((form) => {
    const novel = withoutRepetition(withoutRuns(withoutWords(withoutRepetition(form), words)));
    return (
      [...novel].length + countSigns(password) < MIN_NOVEL ||
      [form, novel, novel.replaceAll(/^\d+|\d+$/g, "")].some((part) => common().has(part))
    );
  });
