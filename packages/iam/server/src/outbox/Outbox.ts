/** The outbox: what is put, what is done with it, and the worker that lets it leave. */
export * from "./service.ts";
export { configured, keys, PollEvery, worker } from "./worker.ts";
