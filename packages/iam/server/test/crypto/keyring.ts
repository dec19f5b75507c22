/** Key-encryption keys of tests, by version, as Config states them. */
import { createHash } from "node:crypto";
import { IamTest } from "@beep/testing";

const keyOf = (text: string) => createHash("sha256").update(text).digest("base64");

/** That of every test, which has version 1. */
export const first = IamTest.keyEncryptionKeys;

/** Another key of that version. */
export const another = `1:${keyOf("another")}`;

/** A further version. */
export const version = (number: number) => `${number}:${keyOf(`version ${number}`)}`;

/** Several. */
export const ring = (...entries: ReadonlyArray<string>) => ({ IAM_KEY_ENCRYPTION_KEYS: entries.join(",") });
