import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { refusal } from "../api/errors";
import {
  alone,
  belongTo,
  isOurs,
  isOwned,
  parseOutbox,
  rememberDraft,
  rememberedDraft,
  rememberedNotice,
  rememberedOutbox,
  rememberedSession,
  rememberNotice,
  rememberOutbox,
  rememberSession,
} from "./memory";

it.each([
  [null, 0],
  ["", 0],
  ["{", 0],
  ["{}", 0],
  ['[{"clientMessageId":"a","text":"안녕하세요","typedAt":1}]', 1],
  ['[{"clientMessageId":"a","text":"안녕하세요"}, 3, null]', 0],
])("an outbox of %s holds %i messages", (text, count) => {
  expect(parseOutbox(text)).toHaveLength(count);
});

describe("storage", () => {
  class Kept extends Map<string, string> {
    getItem(key: string): string | null {
      return this.get(key) ?? null;
    }
    setItem(key: string, value: string): void {
      this.set(key, value);
    }
    removeItem(key: string): void {
      this.delete(key);
    }
  }
  const here = new Kept();
  const tabs = [new Kept(), new Kept()] as const;
  const inTab = (tab: 0 | 1): void => void vi.stubGlobal("sessionStorage", tabs[tab]);
  beforeEach(() => {
    for (const kept of [here, ...tabs]) kept.clear();
    vi.stubGlobal("localStorage", here);
    inTab(0);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("keeps what is being typed until it is sent", () => {
    expect(rememberedDraft()).toBe("");
    rememberDraft("대출 금리가\n궁금");
    expect(rememberedDraft()).toBe("대출 금리가\n궁금");
    rememberDraft("");
    expect([...here, ...tabs[0]]).toEqual([]);
  });

  it("keeps what waits to be sent, and what was refused with the reason", () => {
    const failure = refusal(422, { code: "invalid_text", detail: "제어 문자가 들어 있습니다." });
    const said = { clientMessageId: "a", text: "안녕하세요", typedAt: 1, failures: 0, answer: "" };
    rememberOutbox([
      { ...said, failures: 3, delivery: { kind: "waiting", failure: { kind: "unreachable" }, retryAt: 2 } },
      { ...said, delivery: { kind: "refused", failure } },
    ]);
    expect(rememberedOutbox()).toEqual([
      { ...said, delivery: { kind: "queued" } },
      { ...said, delivery: { kind: "refused", failure: { ...failure, status: null } } },
    ]);
  });

  it("knows the receipt of a notice by session and version", () => {
    expect(rememberedNotice("s1")).toBeNull();
    rememberNotice("s1", "2026-01");
    expect(rememberedNotice("s1")).toBe("2026-01");
    expect(rememberedNotice("s2")).toBeNull();
  });

  it("forgets where storage is refused, and works", () => {
    vi.unstubAllGlobals();
    rememberDraft("대출");
    expect(rememberedDraft()).toBe("");
  });

  describe("of one customer", () => {
    const [ana, ben] = ["a", "b"].map((digit) => ({ reference: digit, signature: digit.repeat(64) }));
    if (ana === undefined || ben === undefined) throw new Error("two customers");
    const texts = (): unknown => [rememberedSession(), rememberedDraft(), rememberedOutbox()];
    const nothing = [null, "", []];
    const leavesTexts = (): void => {
      rememberSession("hers");
      rememberDraft("쓰다 만 말");
      rememberOutbox([{ clientMessageId: "a", text: "못 보낸 말", typedAt: 1, failures: 0, answer: "", delivery: { kind: "queued" } }]);
    };

    it("is there again for him", () => {
      belongTo(ana);
      leavesTexts();
      expect(belongTo(ana)).toBeNull();
      expect(texts()).toMatchObject(["hers", "쓰다 만 말", [{ text: "못 보낸 말" }]]);
    });

    it.each([
      ["another", ben],
      ["nobody, on a page of its own too", null],
    ])("is gone for %s", (_who, next) => {
      belongTo(ana);
      leavesTexts();
      // Whoever forgets it has to end it.
      expect(belongTo(next)).toBe("hers");
      expect(texts()).toEqual(nothing);
    });

    it("is gone for whoever logs in where nobody was named", () => {
      belongTo(null);
      leavesTexts();
      belongTo(ana);
      expect(texts()).toEqual(nothing);
      expect(isOwned()).toBe(true);
    });

    it("is gone in a tab that slept while the browser changed hands", () => {
      belongTo(ana);
      leavesTexts();
      inTab(1);
      belongTo(ben);
      rememberSession("his");
      inTab(0);
      belongTo(ben);
      expect(texts()).toEqual(["his", "", []]);
    });

    it("is not mixed with another's in a tab that has not heard of him yet", () => {
      belongTo(ana);
      inTab(1);
      belongTo(ben);
      rememberSession("his");
      inTab(0);
      expect(isOurs()).toBe(false);
      expect(rememberedSession()).toBeNull();
      rememberSession("hers, opened too late");
      inTab(1);
      expect(rememberedSession()).toBe("his");
    });
  });
});

it("a tab asleep with the lock keeps the others waiting for a while only", async () => {
  vi.useFakeTimers();
  const request = (_name: string, { signal }: LockOptions): Promise<never> =>
    new Promise((_, reject) => {
      signal?.addEventListener("abort", () => {
        reject(new DOMException("over", "TimeoutError"));
      });
    });
  vi.stubGlobal("navigator", { locks: { request } });
  const open = vi.fn(() => Promise.resolve("opened"));
  const opened = alone(open);
  await vi.advanceTimersByTimeAsync(14_000);
  expect(open).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await opened).toBe("opened");
  expect(open).toHaveBeenCalledTimes(1);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
