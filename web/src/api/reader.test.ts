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
  const reader = new Reader("s", () => 0, () => false, EVENTS);
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
  const reader = new Reader("s", () => 0, () => false, EVENTS);
  await vi.advanceTimersByTimeAsync(0);
  reader.close();
  expect(isEnded).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(1);
});

it.each([
  ["asks for short waits while something is expected, so that a dead one is found out", true, "wait=1", "wait=25"],
  ["waits long while nothing is", false, "wait=25", "wait=1"],
])("%s", async (_case, isExpecting, wanted, unwanted) => {
  const waits: string[] = [];
  // A network that lets polls wait and no stream through.
  vi.stubGlobal("fetch", (path: string) => {
    const wait = path.split("&")[1];
    if (wait === undefined) return Promise.reject(new TypeError("cut"));
    waits.push(wait);
    return new Promise((resolve) => {
      setTimeout(() => {
        resolve(Response.json({ messages: [], more: false }));
      }, Number(wait.split("=")[1]) * 1_000);
    });
  });
  const reader = new Reader("s", () => 0, () => isExpecting, EVENTS);
  await vi.advanceTimersByTimeAsync(60_000);
  reader.close();
  expect(waits).toContain(wanted);
  expect(waits).not.toContain(unwanted);
});
