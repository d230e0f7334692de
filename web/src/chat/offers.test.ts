import { expect, it } from "vitest";
import { noticeOf, noticeSeenIn, themeOf, waitingOf } from "./offers";

const old = { bank: "가온은행", greeting: "안녕하세요", hours: {}, phones: {}, topics: [] };
const offering = (more: object): object => ({ ...old, ...more });

it.each<[object | null, string | null, string | null]>([
  [null, null, null],
  [old, null, null],
  [offering({ theme: { accent: "#0046ff", logo: "/theme/logo.svg" } }), "#0046ff", "/theme/logo.svg"],
  [offering({ theme: { accent: null, logo: null } }), null, null],
  [offering({ theme: { accent: 7, logo: "https://example.org/logo.svg" } }), null, null],
  [offering({ theme: { logo: "//example.org/logo.svg" } }), null, null],
  [offering({ theme: { logo: "/\\example.org/logo.svg" } }), null, null],
])("the theme of greeting %#", (greeting, accent, logo) => {
  expect(themeOf(greeting)).toEqual({ accent, logo });
});

it("reads a notice that is whole, and no other", () => {
  expect(noticeOf(offering({ notice: { version: "1", text: "AI가 답변합니다." } }))).toEqual({ version: "1", text: "AI가 답변합니다." });
  expect(noticeOf(offering({ notice: { version: "1" } }))).toBeNull();
  expect(noticeOf(old)).toBeNull();
});

it.each<[object, number | null, string | null]>([
  [{ handover: "pending" }, null, null],
  [{ handover: { queue_position: 3, agent_name: null } }, 3, null],
  [{ handover: { queue_position: 0, agent_name: "" } }, null, null],
  [{ handover: { queue_position: null, agent_name: "김하나" } }, null, "김하나"],
])("the place in the queue of %o", (conversation, position, agentName) => {
  expect(waitingOf(conversation)).toEqual({ position, agentName });
});

it("tells a notice not seen from one nobody keeps", () => {
  expect(noticeSeenIn({})).toBeUndefined();
  expect(noticeSeenIn({ noticeSeen: null })).toBeNull();
  expect(noticeSeenIn({ noticeSeen: "1" })).toBe("1");
});
