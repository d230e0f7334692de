/**
 * A bank chooses one colour; this makes the colours of the screen from it, so that text on its ground is at
 * least 4.5:1 whatever was chosen (WCAG 2.2, 1.4.3). Pure: `appearance.ts` puts the result on the page.
 */
import { BLACK, type Colour, colourOf, contrast, WHITE } from "../colour";

/** A ground and the text on it, with the shades around them; the keys are the names in `tokens.css`. */
export interface Palette {
  readonly "--brand": string;
  readonly "--brand-strong": string;
  readonly "--on-brand": string;
  readonly "--on-brand-soft": string;
  readonly "--brand-ink": string;
  readonly "--brand-tint": string;
}

export type Scheme = "light" | "dark";

const TEXT_RATIO_MIN = 4.5;
/** White on it is nearly readable: darken it a little rather than write black on it. */
const NEARLY_RATIO_MIN = 2.6;
const STEP = 0.04;

/** The grounds that text in the bank's colour stands on: `--surface`, `--surface-sunken` and `--page` of `tokens.css`. */
const grounds: Record<Scheme, readonly [Colour, ...Colour[]]> = {
  light: [WHITE, [245, 248, 247], [238, 242, 240]],
  dark: [
    [20, 29, 27],
    [28, 39, 37],
    [12, 19, 18],
  ],
};

/** Null where the accent is not `#rrggbb`. */
export function paletteOf(accent: string, scheme: Scheme): Palette | null {
  const chosen = colourOf(accent);
  if (chosen === null) return null;
  const [surface, ...others] = grounds[scheme];
  const { ground, ink } = groundOf(chosen);
  const tint = mix(surface, chosen, scheme === "light" ? 0.1 : 0.16);
  const towards = scheme === "light" ? BLACK : WHITE;
  const brandInk = [surface, ...others, tint].reduce((colour, behind) => until(colour, towards, (it) => contrast(it, behind) >= TEXT_RATIO_MIN), chosen);
  // Hover goes away from the text, so it is never less readable.
  const strong = mix(ground, ink === WHITE ? BLACK : WHITE, 0.18);
  return {
    "--brand": hex(ground),
    "--brand-strong": hex(strong),
    "--on-brand": hex(ink),
    "--on-brand-soft": hex(until(mix(ink, ground, 0.15), ink, (it) => contrast(it, ground) >= TEXT_RATIO_MIN)),
    "--brand-ink": hex(brandInk),
    "--brand-tint": hex(tint),
  };
}

/** White on it where that can be read, black where it is bright (a bank's yellow stays yellow), else darker until white can be read. */
function groundOf(chosen: Colour): { readonly ground: Colour; readonly ink: Colour } {
  if (contrast(WHITE, chosen) < NEARLY_RATIO_MIN) return { ground: chosen, ink: BLACK };
  return { ground: until(chosen, BLACK, (it) => contrast(WHITE, it) >= TEXT_RATIO_MIN), ink: WHITE };
}

/** Goes step by step from one colour towards another until it is good, at the latest there. */
function until(from: Colour, to: Colour, isGood: (colour: Colour) => boolean): Colour {
  for (let share = 0; share < 1; share += STEP) {
    const colour = mix(from, to, share);
    if (isGood(colour)) return colour;
  }
  return to;
}

function mix(from: Colour, to: Colour, share: number): Colour {
  const channel = (index: 0 | 1 | 2): number => Math.round(from[index] + (to[index] - from[index]) * share);
  return [channel(0), channel(1), channel(2)];
}

function hex(colour: Colour): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}
