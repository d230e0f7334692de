import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseOutbox, rememberDraft, rememberedDraft, rememberedNotice, rememberNotice } from "./memory";

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
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  };
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal("sessionStorage", storage);
    vi.stubGlobal("localStorage", storage);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it("keeps what is being typed until it is sent", () => {
    expect(rememberedDraft()).toBe("");
    rememberDraft("대출 금리가\n궁금");
    expect(rememberedDraft()).toBe("대출 금리가\n궁금");
    rememberDraft("");
    expect(kept.size).toBe(0);
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
});
