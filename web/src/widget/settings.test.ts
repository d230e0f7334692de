import { describe, expect, test } from "vitest";
import { chatAddress, settingsOf } from "./settings";

const SOURCE = "https://chat.bank.example/widget.js?v=1";
const SIGNATURE = "0a".repeat(32);

describe("the script tag", () => {
  test("says nothing: the bank's colours, right, in the page's language", () => {
    const settings = settingsOf(SOURCE, {}, "en-GB");
    expect(settings).toMatchObject({ language: "en", label: "Chat with us", position: "right", accent: null, topic: null, customer: null });
    expect(chatAddress(settings, true)).toBe("https://chat.bank.example/?embed=1&lang=en");
    expect(chatAddress(settings, false)).toBe("https://chat.bank.example/?lang=en");
  });

  test.each([
    ["ko-KR", "ko"],
    ["", "ko"],
    ["en", "en"],
    ["vi", "en"],
  ])("language %j is %s", (lang, language) => {
    expect(settingsOf(SOURCE, { lang }, "ko").language).toBe(language);
  });

  test("has a topic that goes to the chat, and never the customer", () => {
    const settings = settingsOf(SOURCE, { topic: "전세대출 & 금리", customer: "c-1", signature: SIGNATURE }, "ko");
    const address = chatAddress(settings, true);
    expect(new URL(address).searchParams.get("topic")).toBe("전세대출 & 금리");
    expect(address).not.toContain("c-1");
    expect(address).not.toContain(SIGNATURE);
  });

  test.each([
    ["#0b6156", "#0b6156", "#ffffff"],
    ["#FFB300", "#FFB300", "#000000"],
    ["#fff", "#fff", "#000000"],
    [" #003478 ", "#003478", "#ffffff"],
  ])("accent %s is readable", (accent, ground, ink) => {
    expect(settingsOf(SOURCE, { accent }, "ko").accent).toEqual({ ground, ink });
  });

  test.each(["", "red", "#12345", "url(https://elsewhere)", "#0b6156;"])("accent %j is left out", (accent) => {
    expect(settingsOf(SOURCE, { accent }, "ko").accent).toBeNull();
  });

  test.each([
    ["c-1", SIGNATURE.toUpperCase(), { reference: "c-1", signature: SIGNATURE }],
    ["c-1", undefined, null],
    ["c-1", "abc", null],
    [undefined, SIGNATURE, null],
    ["c".repeat(257), SIGNATURE, null],
  ])("customer %j with %j", (customer, signature, expected) => {
    expect(settingsOf(SOURCE, { customer, signature }, "ko").customer).toEqual(expected);
  });

  test("a long label is cut", () => {
    expect(settingsOf(SOURCE, { label: "가".repeat(30) }, "ko").label).toBe("가".repeat(20));
  });
});
