import { describe, expect, it, vi } from "vitest";
import { after, anyOf, Silence } from "./abort";

it("ends after so long, and not before", () => {
  vi.useFakeTimers();
  const signal = after(1_000);
  vi.advanceTimersByTime(999);
  expect(signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(signal.reason).toMatchObject({ name: "TimeoutError" });
  vi.useRealTimers();
});

it("ends when nothing is heard for so long, and not once nobody listens", () => {
  vi.useFakeTimers();
  const [silence, left] = [new Silence(1_000), new Silence(1_000)];
  vi.advanceTimersByTime(999);
  silence.broken(3_000);
  left.over();
  vi.advanceTimersByTime(2_999);
  expect(silence.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(silence.signal.reason).toMatchObject({ name: "TimeoutError" });
  expect(left.signal.aborted).toBe(false);
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
