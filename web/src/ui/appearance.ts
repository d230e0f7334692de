/** How the screen looks: what the customer chose, remembered in this browser, and the bank's colour on top. */
import { useEffect, useState } from "react";
import { paletteOf } from "./accent";

export const themes = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof themes)[number];

/** Steps of the text size; the second is the browser's own. `tokens.css` says how large each is. */
export const textSizes = ["1", "2", "3", "4"] as const;
export type TextSize = (typeof textSizes)[number];

export interface Appearance {
  readonly theme: Theme;
  readonly textSize: TextSize;
}

const APPEARANCE = "bank-aicc.appearance";
const brandProperties = ["--brand", "--brand-strong", "--on-brand", "--on-brand-soft", "--brand-ink", "--brand-tint"] as const;

/** The appearance in use, and how to change it. The page's root element is nothing React owns, hence the effect. */
export function useAppearance(usual: Appearance, accent: string | null): [Appearance, (chosen: Appearance) => void] {
  const [appearance, setAppearance] = useState(() => rememberedAppearance(usual));
  useEffect(() => {
    applyAppearance(appearance, accent);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const follow = (): void => {
      applyAppearance(appearance, accent);
    };
    dark.addEventListener("change", follow);
    return () => {
      dark.removeEventListener("change", follow);
    };
  }, [appearance, accent]);
  return [
    appearance,
    (chosen) => {
      rememberAppearance(chosen);
      setAppearance(chosen);
    },
  ];
}

export function applyAppearance({ theme, textSize }: Appearance, accent: string | null): void {
  const root = document.documentElement;
  const shown = theme === "system" ? (window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : theme;
  root.dataset.theme = shown;
  root.dataset.text = textSize;
  // High contrast is the customer's choice against every other colour, the bank's included.
  const palette = accent === null || shown === "contrast" ? null : paletteOf(accent, shown);
  for (const name of brandProperties) {
    if (palette === null) root.style.removeProperty(name);
    else root.style.setProperty(name, palette[name]);
  }
}

export function rememberedAppearance(usual: Appearance): Appearance {
  try {
    return parseAppearance(localStorage.getItem(APPEARANCE), usual);
  } catch {
    return usual;
  }
}

/** Kept as `theme size`; whatever else is found there counts as nothing. */
export function parseAppearance(kept: string | null, usual: Appearance): Appearance {
  const [first, second] = (kept ?? "").split(" ");
  return {
    theme: themes.find((theme) => theme === first) ?? usual.theme,
    textSize: textSizes.find((size) => size === second) ?? usual.textSize,
  };
}

function rememberAppearance({ theme, textSize }: Appearance): void {
  try {
    localStorage.setItem(APPEARANCE, `${theme} ${textSize}`);
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
}
