/** Colours as the bank writes them, and how well one can be read on another; for every screen and the widget. */

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

export const WHITE: Colour = [255, 255, 255];
export const BLACK: Colour = [0, 0, 0];

/** `#rrggbb` or `#rgb`. */
export function colourOf(text: string): Colour | null {
  const digits = /^#([0-9a-f]{6}|[0-9a-f]{3})$/i.exec(text)?.[1];
  if (digits === undefined) return null;
  const six = digits.length === 6 ? digits : Array.from(digits, (digit) => digit + digit).join("");
  const at = (from: number): number => Number.parseInt(six.slice(from, from + 2), 16);
  return [at(0), at(2), at(4)];
}

/** From 1 (the same) to 21 (black on white), as WCAG 2.2 defines it. */
export function contrast(one: Colour, other: Colour): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function luminance([red, green, blue]: Colour): number {
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

function linear(channel: number): number {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}
