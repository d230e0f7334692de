import { expect, it } from "vitest";
import type { Greeting } from "../api/client";
import type { Handover } from "./conversation";
import type { Step } from "./journey";
import { ko } from "./ko";
import { progressWords } from "./Progress";

// A Wednesday.
const AT_NOON = Date.parse("2026-03-04T12:00:00+09:00");
const AT_NIGHT = Date.parse("2026-03-04T22:00:00+09:00");
const greeting: Greeting = {
  bank: "가온은행",
  greeting: "안녕하세요",
  topics: [],
  phones: { emergency: "1588-0099" },
  hours: { weekdays: "09:00-18:00" },
  theme: { accent: null, logo: null },
  notice: { version: "1", text: "" },
  limits: { message_chars_min: 2, message_chars_max: 2_000 },
};
const next: Handover = { handover_status: "pending", queue_position: 1, agent_name: null };

it("says the place in the queue while agents are there", () => {
  expect(progressWords("queue", next, greeting, AT_NOON, ko)).toEqual({
    title: "상담원을 기다리는 중 · 다음 차례",
    body: ko.handover.queued.body,
  });
});

it.each<[Step, string]>([
  ["consent", ko.progress.consent.title],
  ["details", "상담원을 기다리는 중"],
  ["queue", "상담원을 기다리는 중"],
])("outside hours promises nothing at once: %s", (step, title) => {
  const words = progressWords(step, next, greeting, AT_NIGHT, ko);
  expect(words.title).toBe(title);
  expect(words.body).toMatch(/^지금은 상담 시간\(평일 09:00~18:00\)이 아닙니다. 내일 09:00부터 .*1588‑0099로 신고해 주세요.$/);
});

it("names the agent who is there, whatever the hour", () => {
  expect(progressWords("connected", { handover_status: "accepted", queue_position: null, agent_name: "김하나" }, greeting, AT_NIGHT, ko).title).toBe("김하나 상담원과 대화 중");
});
