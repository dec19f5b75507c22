/** Mail that landed in the server's folder. */
import { watch } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const isAbout = (message: string, subject: string | RegExp): boolean =>
  typeof subject === "string"
    ? message.includes(`Subject: ${subject}`)
    : subject.test(/^Subject: (.*)$/m.exec(message)?.[1] ?? "");

const find = async (folder: string, to: string, subject: string | RegExp): Promise<string | undefined> => {
  const names = await readdir(folder).catch(() => []);
  for (const name of names
    .filter((each) => each.endsWith(".eml"))
    .sort()
    .reverse()) {
    const message = await readFile(join(folder, name), "utf8");
    if (message.includes(`To: ${to}`) && isAbout(message, subject)) return message;
  }
  return undefined;
};

/** The latest message to somebody about something, waiting for it when it has not come yet. */
export const mailTo = async (dataDir: string, to: string, subject: string | RegExp): Promise<string> => {
  const folder = join(dataDir, "mail");
  // So that there is something to watch before the first mail.
  await mkdir(folder, { recursive: true });
  const { promise, reject, resolve } = Promise.withResolvers<string>();
  const look = () =>
    find(folder, to, subject).then((message) => (message === undefined ? undefined : resolve(message)), reject);
  // Watching begins before the first look, so that nothing comes unseen in between.
  const watcher = watch(folder, look);
  const patience = setTimeout(() => reject(new Error(`No mail to ${to} about "${subject}" came.`)), 10_000);
  try {
    await look();
    return await promise;
  } finally {
    clearTimeout(patience);
    watcher.close();
  }
};

/** The link in a message. */
export const linkIn = (message: string): string => {
  const link = /https?:\/\/\S+/.exec(message.slice(message.search(/\r?\n\r?\n/)))?.[0];
  if (link === undefined) throw new Error(`There is no link in ${message}`);
  return link;
};

/** The code that somebody was mailed, by its subject. */
export const codeTo = async (dataDir: string, to: string): Promise<string> => {
  const subject = /^\d{6} is your code/;
  const message = await mailTo(dataDir, to, subject);
  return /^Subject: (\d{6}) /m.exec(message)?.[1] ?? "";
};
