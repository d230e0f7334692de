import { expect, it } from "vitest";
import { isFollowedAfter, type Layout, restingAt } from "./resting";

const HEIGHT = 400;

it.each<[string, Omit<Layout, "height">, number]>([
  ["nothing was said: at the top, even if the greeting is higher than the box", { end: 120, own: null, newest: null }, 0],
  ["all of it fits", { end: 0, own: 100, newest: 200 }, 0],
  ["question and answer fit: at the end", { end: 1_000, own: 1_050, newest: 1_150 }, 1_000],
  ["a long answer: the question at the top, the answer below it", { end: 1_600, own: 1_050, newest: 1_150 }, 1_042],
  ["a long question and a long answer: the answer begins half way down", { end: 3_000, own: 1_050, newest: 2_000 }, 1_760],
  ["the question was just asked", { end: 1_000, own: 1_350, newest: 1_350 }, 1_000],
  ["a question longer than the box was just asked", { end: 2_000, own: 1_350, newest: 1_350 }, 2_000],
  ["an agent writes on and on", { end: 3_000, own: 1_000, newest: 3_300 }, 3_000],
  ["an agent writes something long", { end: 4_000, own: 1_000, newest: 3_300 }, 3_060],
  ["only the bank wrote, and little", { end: 300, own: null, newest: 650 }, 300],
])("rests: %s", (_case, layout, rest) => {
  expect(restingAt({ ...layout, height: HEIGHT })).toBe(rest);
});

const followed = true;
it.each<[string, boolean, [number, number], [number, number], number, boolean]>([
  ["the reader scrolls up", followed, [1_000, 1_000], [700, 1_000], 1_000, false],
  ["the reader scrolls up while words come", followed, [1_000, 1_000], [900, 1_040], 1_040, false],
  ["the reader scrolls up by a hair", followed, [1_000, 1_000], [980, 1_000], 1_000, true],
  ["our own scrolling is reported when the content has grown on", followed, [700, 1_000], [1_000, 1_400], 1_400, true],
  ["our own scrolling is on its way", followed, [300, 1_000], [600, 1_000], 1_000, true],
  ["content went away, and the browser moved what is left", followed, [1_000, 1_000], [800, 900], 900, true],
  ["the reader reads a long answer downwards, and up again", followed, [1_500, 1_600], [1_200, 1_600], 1_042, true],
  ["the reader comes back by himself", !followed, [500, 1_000], [990, 1_000], 1_000, true],
  ["the reader reads further up", !followed, [500, 1_000], [600, 1_000], 1_000, false],
  ["content grows while the reader reads above", !followed, [500, 1_000], [500, 1_300], 1_300, false],
])("is followed: %s", (_case, wasFollowed, [topBefore, endBefore], [top, end], rest, expected) => {
  expect(isFollowedAfter(wasFollowed, { top: topBefore, end: endBefore }, { top, end }, rest)).toBe(expected);
});
