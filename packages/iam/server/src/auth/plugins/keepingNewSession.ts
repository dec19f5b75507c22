/** Keeps the session that a sign-in has begun from being undone by what a plugin finds of the one before it. */
import type { BetterAuthPlugin } from "@better-auth/core";

type Hook = NonNullable<NonNullable<BetterAuthPlugin["hooks"]>["after"]>[number];

/**
 * Wraps the plugin's hooks after an operation. One that looks for the session of the request, and finds it over, has the
 * browser forget its cookies: those of the session that the operation has begun meanwhile, which have the same names.
 */
export const keepingNewSession = <Plugin extends BetterAuthPlugin>(plugin: Plugin): Plugin => {
  const { hooks } = plugin;
  if (hooks?.after !== undefined) hooks.after = hooks.after.map(keeping);
  return plugin;
};

const keeping = (hook: Hook): Hook => {
  const handler = async (input: Parameters<Hook["handler"]>[0]) => {
    // The type leaves out what every hook is given besides.
    const { context } = input as typeof input & { readonly context: { readonly responseHeaders?: Headers } };
    // Forgetting takes cookies out of what has been answered so far, too.
    const responseHeaders = new Headers(context.responseHeaders);
    const own = Object.create(context, { responseHeaders: { value: responseHeaders, writable: true } });
    const result = await hook.handler(Object.assign({ ...input }, { context: own }));
    const { headers } = Object(result);
    if (headers instanceof Headers) {
      const kept = headers.getSetCookie().filter((cookie) => !/;\s*max-age=0\b/i.test(cookie));
      headers.delete("set-cookie");
      for (const cookie of kept) headers.append("set-cookie", cookie);
    }
    return result;
  };
  return { ...hook, handler: Object.assign(handler, hook.handler) };
};
