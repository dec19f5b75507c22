/**
 * The first administrator: whoever holds a one-time link that the server printed. No default password exists, and once
 * there is an administrator no link works.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { Errors, KeyOwner } from "@beep/iam-domain";
import { IamDbSchema } from "@beep/iam-tables";
import { IamEntityIds } from "@beep/shared-domain";
import { eq } from "drizzle-orm";
import * as Clock from "effect/Clock";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as DateTime from "effect/DateTime";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import * as Redacted from "effect/Redacted";
import * as Secrets from "../crypto/Secrets.ts";
import { IamDb } from "../db/IamDb.ts";
import { ServiceConnection } from "../db/ServiceConnection.ts";
import { asService } from "../tenancy/asService.ts";
import type { UserRow } from "./Api.ts";
import { Auth } from "./Auth.ts";
import * as digests from "./digests.ts";
import * as Pages from "./pages.ts";
import { hasRole } from "./standing.ts";

/** Makes the first administrator of an installation. */
export class FirstAdministrator extends Context.Service<
  FirstAdministrator,
  {
    /** Whether there is no administrator yet. */
    readonly isMissing: Effect.Effect<boolean>;
    /** A link that makes its holder the administrator, once and within a day; it replaces the one before. */
    readonly offer: Effect.Effect<Option.Option<Redacted.Redacted<string>>>;
    /** Creates the administrator. When it fails, the token is as it was. */
    readonly accept: (
      input: Acceptance,
    ) => Effect.Effect<
      UserRow,
      Errors.FirstAdministratorExists | Errors.TokenInvalid | Errors.AuthError | Errors.CommitUnknown
    >;
  }
>()("@beep/iam-server/auth/FirstAdministrator") {}

/** What the holder of the link states. */
export interface Acceptance {
  readonly token: Redacted.Redacted<string>;
  readonly name: string;
  readonly email: string;
  readonly password: Redacted.Redacted<string>;
}

const { user, verification } = IamDbSchema;

/** There is one offer at most, so that its row has always the same id: two offers at once are one after the other. */
const OFFER_ID = IamEntityIds.VerificationId.fromUuid("00000000-0000-0000-0000-000000000001");
// Nobody looks it up by this.
const IDENTIFIER = digests.ofRandom("first-administrator");
const sealedAs = { owner: KeyOwner.installation, place: Secrets.at(verification.value, OFFER_ID) };
const LIFETIME = Duration.hours(24);

const hash = (token: Redacted.Redacted<string>): Buffer => createHash("sha256").update(Redacted.value(token)).digest();

const make = Effect.gen(function* () {
  const { db } = yield* IamDb;
  const auth = yield* Auth;
  const secrets = yield* Secrets.Secrets;
  const connection = yield* ServiceConnection;
  const { setup } = yield* Pages.settings;
  const service = <A, E>(effect: Effect.Effect<A, E, ServiceConnection>) =>
    Effect.provideService(asService(effect), ServiceConnection, connection);

  const exists = db
    .select({ id: user.id })
    .from(user)
    .where(hasRole("admin", user.role))
    .limit(1)
    .pipe(Effect.map((rows) => rows.length > 0));

  const isMissing = service(exists).pipe(
    Effect.map((found) => !found),
    Effect.orDie,
    Effect.withSpan("FirstAdministrator.isMissing"),
  );

  const offer = Effect.gen(function* () {
    if (!(yield* isMissing)) return Option.none();
    const token = Redacted.make(randomBytes(32).toString("base64url"));
    const expiresAt = DateTime.toDateUtc(DateTime.addDuration(yield* DateTime.now, LIFETIME));
    yield* service(
      Effect.gen(function* () {
        const [value = ""] = yield* secrets.seal([{ ...sealedAs, value: Redacted.make(hash(token).toString("hex")) }]);
        const offered = { identifier: IDENTIFIER, value, expiresAt };
        yield* db
          .insert(verification)
          .values({ id: OFFER_ID, ...offered })
          .onConflictDoUpdate({ target: verification.id, set: offered });
      }),
    );
    const url = new URL(setup.href);
    url.searchParams.set("token", Redacted.value(token));
    return Option.some(Redacted.make(url.href));
  }).pipe(Effect.orDie, Effect.withSpan("FirstAdministrator.offer"));

  const accept = Effect.fn("FirstAdministrator.accept")(
    function* ({ token, name, email, password }: Acceptance) {
      return yield* service(
        Effect.gen(function* () {
          // First of all, because it locks the row: of two at once the second finds nothing when the first is done.
          const [offered] = yield* db
            .delete(verification)
            .where(eq(verification.id, OFFER_ID))
            .returning({ value: verification.value, expiresAt: verification.expiresAt });
          if (yield* exists) return yield* new Errors.FirstAdministratorExists();
          const now = yield* Clock.currentTimeMillis;
          if (offered === undefined || offered.expiresAt.getTime() <= now) return yield* new Errors.TokenInvalid();
          const [kept = Redacted.make("")] = yield* secrets.open([{ ...sealedAs, envelope: offered.value }]);
          const right = Buffer.from(Redacted.value(kept), "hex");
          const given = hash(token);
          if (right.length !== given.length || !timingSafeEqual(right, given)) return yield* new Errors.TokenInvalid();
          const created = yield* auth.api.createUser({
            body: {
              name,
              email,
              password: Redacted.value(password),
              role: "admin",
              // Holding the link proves more than reading mail at the address would.
              data: { emailVerified: true },
            },
          });
          return created.user;
        }),
      );
    },
    Effect.catchTags({
      SqlError: Effect.die,
      EffectDrizzleQueryError: Effect.die,
      SecretUnreadable: Effect.die,
      KeyManagementUnavailable: Effect.die,
    }),
  );

  return FirstAdministrator.of({ isMissing, offer, accept });
});

/** The first administrator of the installation that is given. */
export const layer: Layer.Layer<FirstAdministrator, ConfigError, Auth | IamDb | Secrets.Secrets | ServiceConnection> =
  Layer.effect(FirstAdministrator, make);
