import { expect, it } from "vitest";
import { type Idle, idleAt, isKiosk, USUAL, WAITING } from "./kiosk";

it.each<[number | null, number, Idle]>([
  [null, 10_000_000, { kind: "untouched" }],
  [0, 0, { kind: "in-use" }],
  [0, 99_999, { kind: "in-use" }],
  [0, 100_000, { kind: "warning", secondsLeft: 20 }],
  [0, 100_001, { kind: "warning", secondsLeft: 20 }],
  [0, 119_500, { kind: "warning", secondsLeft: 1 }],
  [0, 120_000, { kind: "over" }],
  [60_000, 120_000, { kind: "in-use" }],
])("touched at %s, seen at %i", (touchedAt, now, idle) => {
  expect(idleAt(touchedAt, now, USUAL)).toEqual(idle);
});

it.each<[number, Idle]>([
  [539_999, { kind: "in-use" }],
  [540_000, { kind: "warning", secondsLeft: 60 }],
  [600_000, { kind: "over" }],
])("waiting for an agent, untouched for %i ms", (now, idle) => {
  expect(idleAt(0, now, WAITING)).toEqual(idle);
});

it.each([
  ["?kiosk", true],
  ["?kiosk=1", true],
  ["?topic=loan&kiosk", true],
  ["", false],
  ["?topic=kiosk", false],
])("%s", (search, expected) => {
  expect(isKiosk(search)).toBe(expected);
});
