import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Reader } from "./events";

const EVENTS = { read: vi.fn(), handover: vi.fn(), closed: vi.fn(), caughtUp: vi.fn(), reached: vi.fn() };

/** How many listeners each signal was given. */
let listening: Map<AbortSignal, number>;
let asked: AbortSignal[];

beforeEach(() => {
  vi.useFakeTimers();
  listening = new Map();
  asked = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on whatever it was called on
  const listen = EventTarget.prototype.addEventListener;
  vi.spyOn(EventTarget.prototype, "addEventListener").mockImplementation(function (this: EventTarget, ...args) {
    if (this instanceof AbortSignal) listening.set(this, (listening.get(this) ?? 0) + 1);
    listen.apply(this, args);
  });
  // A network that lets through only what is answered at once.
  vi.stubGlobal("fetch", (path: string, { signal }: RequestInit) => {
    if (signal) asked.push(signal);
    return path.endsWith("wait=0") ? Promise.resolve(Response.json({ messages: [], more: false })) : Promise.reject(new TypeError("cut"));
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

it("reads for long without leaving a trace of each round", async () => {
  const reader = new Reader("s", () => 0, EVENTS);
  await vi.advanceTimersByTimeAsync(55_000);
  expect(asked.length).toBeGreaterThan(10);
  expect(Math.max(...listening.values())).toBeLessThanOrEqual(3);
  reader.close();
});

it("ends what is under way when it is closed, and asks no more", async () => {
  let isEnded = false;
  vi.stubGlobal("fetch", (_path: string, { signal }: RequestInit) => {
    asked.push(...(signal ? [signal] : []));
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => {
        isEnded = true;
        reject(new DOMException("over", "AbortError"));
      });
    });
  });
  const reader = new Reader("s", () => 0, EVENTS);
  await vi.advanceTimersByTimeAsync(0);
  reader.close();
  expect(isEnded).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
});
