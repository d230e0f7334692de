import { expect, it } from "vitest";
import { type Appearance, parseAppearance } from "./appearance";

const usual: Appearance = { theme: "system", textSize: "2" };

it.each<[string | null, Appearance]>([
  [null, usual],
  ["", usual],
  ["dark 4", { theme: "dark", textSize: "4" }],
  ["contrast", { theme: "contrast", textSize: "2" }],
  ["pink 9", usual],
  ["light 1 x", { theme: "light", textSize: "1" }],
])("%s is remembered as an appearance", (kept, appearance) => {
  expect(parseAppearance(kept, usual)).toEqual(appearance);
});
