import { describe, expect, it } from "vitest";
import { agentHours } from "./hours";
import { instantOf } from "./words";

const office = { weekdays: "09:00-18:00" };
const withSaturday = { weekdays: "09:00-18:00", saturday: "10:00 - 13:00" };

// 2026-03-02 is a Monday.
describe("agentHours", () => {
  it.each<[string, Record<string, string>, string, boolean, [number, number, string] | null]>([
    ["before the day begins", office, "2026-03-02T08:59:59", false, [0, 1, "09:00"]],
    ["from the first minute", office, "2026-03-02T09:00:00", true, null],
    ["until the last", office, "2026-03-02T17:59:59", true, null],
    ["in the evening", office, "2026-03-02T18:00:00", false, [1, 2, "09:00"]],
    ["on Friday evening", office, "2026-03-06T20:00:00", false, [3, 1, "09:00"]],
    ["on Saturday", office, "2026-03-07T11:00:00", false, [2, 1, "09:00"]],
    ["on a Saturday somebody works", withSaturday, "2026-03-07T11:00:00", true, null],
    ["on the Friday before it", withSaturday, "2026-03-06T20:00:00", false, [1, 6, "10:00"]],
    ["around the clock", { weekdays: "00:00-24:00" }, "2026-03-02T23:59:59", true, null],
  ])("%s", (_case, hours, time, isOpen, next) => {
    const read = agentHours(hours, instantOf(time).getTime());
    expect(read?.isOpen).toBe(isOpen);
    expect(read?.next ?? null).toEqual(next === null ? null : { daysAhead: next[0], weekday: next[1], from: next[2] });
  });

  it.each([[{}], [{ saturday: "10:00-13:00" }], [{ weekdays: "nine to five" }]])("is unknown where %o is all that is said", (hours) => {
    expect(agentHours(hours, 0)).toBeNull();
  });
});
