import { expect, it } from "vitest";
import { firstReading, nextReading, type Reading, type ReadingEvent, type Way } from "./reading";

const reading = (way: Way, fields: Partial<Reading> = {}): Reading => ({ way, failures: 0, isProven: false, since: 0, ...fields });

it.each<[string, Reading, ReadingEvent, number, Reading]>([
  ["a stream that stands", reading("stream"), "held", 10, reading("stream", { isProven: true })],
  ["a stream that stands for long", reading("stream"), "held", 90_000, reading("stream", { isProven: true })],
  ["cut once: again", reading("stream"), "broke", 10, reading("stream", { failures: 1 })],
  ["cut twice: not this way", reading("stream", { failures: 1 }), "broke", 10, reading("long-poll", { since: 10 })],
  ["held back: not this way", reading("stream"), "silent", 10, reading("long-poll", { since: 10 })],
  ["held in between", reading("stream", { failures: 1 }), "held", 10, reading("stream", { isProven: true })],
  ["polls are cut", reading("long-poll", { failures: 1, isProven: true }), "broke", 10, reading("plain", { since: 10 })],
  ["polls are swallowed", reading("long-poll"), "silent", 10, reading("plain", { since: 10 })],
  ["there is nothing below plain", reading("plain", { failures: 1 }), "broke", 10, reading("plain", { since: 10 })],
  ["plain for a minute: a better way is tried", reading("plain"), "held", 60_000, reading("long-poll", { failures: 1, since: 60_000 })],
  ["and left again at its first failure", reading("long-poll", { failures: 1 }), "broke", 70_000, reading("plain", { since: 70_000 })],
  ["polls for a minute", reading("long-poll", { isProven: true }), "held", 60_000, reading("stream", { failures: 1, since: 60_000 })],
  ["another network", reading("plain"), "woken", 10, firstReading(10)],
])("%s", (_case, before, event, at, after) => {
  expect(nextReading(before, event, at)).toEqual(after);
});
