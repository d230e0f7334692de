import { describe, expect, test } from "vitest";
import { type FromChat, type FromPage, readFromChat, readFromPage, sealed } from "./embedding";

const CHAT: FromChat[] = [
  { kind: "hello" },
  { kind: "ready" },
  { kind: "close" },
  { kind: "unread", count: 3 },
  { kind: "expecting", isExpecting: true },
];
const PAGE: FromPage[] = [
  { kind: "welcome", customer: null },
  { kind: "welcome", customer: { reference: "c-1", signature: "ab".repeat(32) } },
  { kind: "opened", topic: "전세대출", takesFocus: true },
  { kind: "closed" },
];

describe("a message", () => {
  test.each(CHAT)("of the chat is read as it was said: $kind", (message) => {
    expect(readFromChat(sealed(message))).toEqual(message);
    expect(readFromPage(sealed(message))).toBeNull();
  });

  test.each(PAGE)("of the page is read as it was said: $kind", (message) => {
    expect(readFromPage(sealed(message))).toEqual(message);
    expect(readFromChat(sealed(message))).toBeNull();
  });

  test.each([
    null,
    "close",
    [],
    { kind: "close" },
    { protocol: "other", version: 1, kind: "close" },
    { protocol: "bank-aicc", version: 2, kind: "close" },
    { ...sealed({ kind: "close" }), kind: "explode" },
    { ...sealed({ kind: "close" }), kind: "unread", count: -1 },
    { ...sealed({ kind: "close" }), kind: "unread", count: "3" },
    { ...sealed({ kind: "close" }), kind: "expecting" },
  ])("of anybody else is none: %j", (data) => {
    expect(readFromChat(data)).toBeNull();
  });

  test("names a customer with both halves or none", () => {
    const half = { ...sealed({ kind: "closed" }), kind: "welcome", customer: { reference: "c-1" } };
    expect(readFromPage(half)).toEqual({ kind: "welcome", customer: null });
  });
});
