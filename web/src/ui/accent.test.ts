import { describe, expect, it } from "vitest";
import { type Colour, colourOf, contrast } from "../colour";
import { paletteOf, type Scheme } from "./accent";

describe("the palette", () => {
  it.each<[string, string, string]>([
    ["a dark accent stays, with white on it", "#0b6156", "#ffffff"],
    ["a blue that is dark enough stays", "#0046ff", "#ffffff"],
    ["a bright yellow stays, with black on it", "#ffbc00", "#000000"],
    ["white stays, with black on it", "#ffffff", "#000000"],
    ["black stays, with white on it", "#000000", "#ffffff"],
  ])("%s", (_case, accent, ink) => {
    expect(paletteOf(accent, "light")).toMatchObject({ "--brand": accent, "--on-brand": ink });
  });

  it("darkens a middling accent until white can be read on it", () => {
    const palette = paletteOf("#00a3e0", "light");
    expect(palette?.["--on-brand"]).toBe("#ffffff");
    expect(palette?.["--brand"]).not.toBe("#00a3e0");
  });

  it("refuses what is no colour", () => {
    expect(paletteOf("url(x)", "light")).toBeNull();
  });

  const accents = ["#000000", "#ffffff", "#808080", "#ffbc00", "#00a3e0", "#e60012", "#0046ff", "#008485", "#f58220", "#7f3fbf", "#9acd32", "#ff69b4"];
  const surfaces: Record<Scheme, string[]> = { light: ["#ffffff", "#f5f8f7", "#eef2f0"], dark: ["#141d1b", "#1c2725", "#0c1312"] };
  it.each(accents.flatMap((accent) => (["light", "dark"] as const).map((scheme) => [accent, scheme] as const)))("of %s in the %s scheme can be read", (accent, scheme) => {
    const palette = paletteOf(accent, scheme);
    if (palette === null) throw new Error("no palette");
    const ratio = (text: string, ground: string): number => contrast(colour(text), colour(ground));
    expect(ratio(palette["--on-brand"], palette["--brand"])).toBeGreaterThanOrEqual(4.5);
    expect(ratio(palette["--on-brand"], palette["--brand-strong"])).toBeGreaterThanOrEqual(4.5);
    expect(ratio(palette["--on-brand-soft"], palette["--brand"])).toBeGreaterThanOrEqual(4.5);
    for (const ground of [...surfaces[scheme], palette["--brand-tint"]]) expect(ratio(palette["--brand-ink"], ground)).toBeGreaterThanOrEqual(4.5);
  });
});

function colour(text: string): Colour {
  const read = colourOf(text);
  if (read === null) throw new Error(text);
  return read;
}
