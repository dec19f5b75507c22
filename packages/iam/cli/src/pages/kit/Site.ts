/** What all pages know: whose they are, how they look, and where each of them is. */
import { Auth, Pages } from "@beep/iam-server";
import type { ConfigError } from "effect/Config";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import { type Theme, theme } from "../../settings.ts";
import { type Asset, asset } from "./asset.ts";

/** The site that the pages make. */
export class Site extends Context.Service<
  Site,
  {
    readonly settings: Auth.Settings;
    readonly pages: Pages.Pages;
    readonly theme: Theme;
    readonly stylesheet: Asset;
    readonly icon: Asset;
    readonly passkeys: Asset;
  }
>()("@beep/iam-cli/pages/Site") {
  /** The site as Config says. */
  static readonly layer: Layer.Layer<Site, ConfigError> = Layer.effect(
    Site,
    Effect.gen(function* () {
      const look = yield* theme;
      const accent = look.accentColor;
      return Site.of({
        settings: yield* Auth.settings,
        pages: yield* Pages.settings,
        theme: look,
        stylesheet: yield* asset(
          "pages",
          "css",
          (text) => text + Option.match(accent, { onNone: () => "", onSome: rule }),
        ),
        icon: yield* asset("icon", "svg", (text) =>
          text.replace(
            ICON_COLOR,
            Option.getOrElse(accent, () => ICON_COLOR),
          ),
        ),
        passkeys: yield* asset("passkeys", "js"),
      });
    }),
  );
}

/** The color in the icon that stands for the accent. */
const ICON_COLOR = "#3451b2";

/** An accent for light and dark alike, and whichever of black and white has the better contrast on it (WCAG 2.2, 1.4.3). */
const rule = (color: string): string => {
  const on = luminance(color) > 0.179 ? "#000" : "#fff";
  return `:root { --accent: ${color}; --accent-strong: color-mix(in srgb, ${color} 88%, ${on}); --on-accent: ${on}; }\n`;
};

/** Relative luminance as WCAG 2.2 defines it. */
const luminance = (color: string): number => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};
