/** By what somebody signs in: a password, and accounts elsewhere. */
import { Auth } from "@beep/iam-server";
import * as Effect from "effect/Effect";
import type { Visitor } from "../kit/browser.ts";
import { html } from "../kit/html.ts";
import { time } from "./frame.ts";

const PASSWORD = "credential";

/** By what a visitor signs in. */
export interface Accounts {
  readonly hasPassword: boolean;
  /** The accounts elsewhere. */
  readonly elsewhere: ReadonlyArray<{
    readonly id: string;
    readonly providerId: string;
    readonly accountId: string;
    readonly createdAt: Date;
  }>;
  /** Whether only one way is left. */
  readonly isLast: boolean;
}

/** Those of a visitor. */
export const accountsOf = Effect.fnUntraced(function* ({
  headers,
}: Visitor): Effect.fn.Return<Accounts, never, Auth.Auth> {
  const { api } = yield* Auth.Auth;
  const all = yield* Effect.orDie(api.listUserAccounts({ headers }));
  const elsewhere = all.filter(({ providerId }) => providerId !== PASSWORD);
  return { hasPassword: elsewhere.length < all.length, elsewhere, isLast: all.length === 1 };
});

/** The accounts elsewhere, where there are any. The last way to sign in stays. */
export const section = (at: string, { elsewhere, isLast }: Accounts) => {
  if (elsewhere.length === 0) return undefined;
  const items = elsewhere.map(
    ({ id, providerId, accountId, createdAt }) => html`<li><div><strong>${providerId}</strong>
<p class="hint">${accountId} · since ${time(createdAt)} UTC</p></div>
${!isLast && html`<form method="post" action="${at}/accounts"><button name="account" value="${id}" aria-label="Disconnect ${providerId}">Disconnect</button></form>`}</li>`,
  );
  return html`<section class="card"><h2>Connected accounts</h2>
<p>By each of these you can sign in, too.</p>
<ul class="rows">${items}</ul></section>`;
};
