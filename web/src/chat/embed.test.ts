import { describe, expect, test, vi } from "vitest";
import * as embed from "./embed";

vi.hoisted(() => {
  // All that the module asks of a browser when it is loaded.
  vi.stubGlobal("window", { location: { search: "?topic=%20%EC%A0%84%EC%84%B8%EB%8C%80%EC%B6%9C%0A&lang=en" } });
});

test("a link says what it is about and in which language", () => {
  expect(embed.pageTopic()).toBe("전세대출");
  expect(embed.requestedLanguage()).toBe("en");
  expect(embed.isEmbedded()).toBe(false);
});

describe("a topic", () => {
  test.each([
    [null, null],
    ["", null],
    ["가", null],
    ["  전세\n대출\u0000 금리 ", "전세 대출 금리"],
    ["가".repeat(100), "가".repeat(60)],
    ["\u202e대출", "대출"],
  ])("%j is %j", (text, expected) => {
    expect(embed.topicOf(text)).toBe(expected);
  });
});

test("unread is what others wrote after the last message that was seen", () => {
  const messages = [
    { id: 1, author: "assistant" as const },
    { id: 2, author: "customer" as const },
    { id: 3, author: "agent" as const },
    { id: 4, author: "system" as const },
    { id: 5, author: "assistant" as const },
  ];
  expect([0, 1, 3, 5].map((seen) => embed.unreadOf(messages, seen))).toEqual([3, 2, 1, 0]);
});
