import { describe, expect, it } from "vitest";
import { type Colour, colourOf, contrast } from "./colour";

describe("contrast", () => {
  // Expected values: WCAG 2.2's formula, worked out by hand for black on white, and known pairs of its test pages.
  it.each<[string, string, number]>([
    ["#000000", "#ffffff", 21],
    ["#ffffff", "#ffffff", 1],
    ["#777777", "#ffffff", 4.48],
    ["#767676", "#ffffff", 4.54],
    ["#ff0000", "#ffffff", 4],
    ["#0000ff", "#ffffff", 8.59],
  ])("of %s and %s is %f", (one, other, ratio) => {
    expect(contrast(colour(one), colour(other))).toBeCloseTo(ratio, 2);
  });
});

it.each<[string, Colour | null]>([
  ["#0b6156", [11, 97, 86]],
  ["#FFF", [255, 255, 255]],
  ["0b6156", null],
  ["#0b61", null],
  ["red", null],
  ["#0b6156;--page:red", null],
])("%s is read as a colour", (text, expected) => {
  expect(colourOf(text)).toEqual(expected);
});

function colour(text: string): Colour {
  const read = colourOf(text);
  if (read === null) throw new Error(text);
  return read;
}
