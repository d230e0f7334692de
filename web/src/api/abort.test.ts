import { describe, expect, it, vi } from "vitest";
import { after, anyOf } from "./abort";

it("ends after so long, and not before", () => {
  vi.useFakeTimers();
  const signal = after(1_000);
  vi.advanceTimersByTime(999);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.reason).toMatchObject({ name: "TimeoutError" });
  vi.useRealTimers();
});

describe("anyOf", () => {
  it("ends when any of them does, with that one's reason", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const any = anyOf([first.signal, second.signal]);
    expect(any.aborted).toBe(false);
    second.abort("late");
    expect(any.aborted).toBe(true);
    first.abort("later");
    expect(any.reason).toBe("late");
  });

  it("has ended where one of them had", () => {
    expect(anyOf([new AbortController().signal, AbortSignal.abort("before")]).reason).toBe("before");
  });

  it("never ends of nothing", () => {
    expect(anyOf([]).aborted).toBe(false);
  });
});
