import { describe, expect, it } from "vitest";
import { type Failure, refusal } from "../api/errors";
import { en } from "./en";
import { ko, type Text } from "./ko";
import { dayOf, instantOf, reasonOf, timeOfDay, whyHeld } from "./words";

describe("reasonOf", () => {
  it.each<[string, Failure, Text, string]>([
    ["no network", { kind: "unreachable" }, ko, "서버에 연결할 수 없습니다."],
    ["a known code", refusal(429, { code: "rate_limited", detail: "x" }), en, "Messages came in too quickly."],
    ["an unknown code in Korean", refusal(503, { code: "store_full", detail: "저장 공간이 부족합니다." }), ko, "저장 공간이 부족합니다."],
    ["an unknown code in English", refusal(503, { code: "store_full", detail: "저장 공간이 부족합니다." }), en, "The service has a problem at the moment (store_full)."],
    ["a text the server would not store", refusal(200, { code: "not_stored", detail: "두 글자 이상" }), en, "The message is too short or too long."],
  ])("%s", (_case, failure, text, reason) => {
    expect(reasonOf(failure, text)).toBe(reason);
  });
});

it("says why a message is held up, unless the screen says it anyway", () => {
  expect(whyHeld({ kind: "waiting", failure: { kind: "unreachable" }, retryAt: 0 }, "", ko)).toBe("아직 보내지 못했습니다. 자동으로 다시 보냅니다.");
  expect(whyHeld({ kind: "refused", failure: refusal(413, { code: "payload_too_large", detail: "" }) }, "", ko)).toBe(
    "메시지가 너무 깁니다. 보내지 못했습니다.",
  );
  expect(whyHeld({ kind: "waiting", failure: { kind: "unreachable" }, retryAt: 0 }, "금리는", ko)).toBe(
    "답변을 끝까지 받지 못했습니다. 자동으로 다시 받습니다.",
  );
});

it.each([
  ["2026-03-02T00:05:00", "오전 12:05", "12:05 AM"],
  ["2026-03-02T11:59:59", "오전 11:59", "11:59 AM"],
  ["2026-03-02T12:00:00", "오후 12:00", "12:00 PM"],
  ["2026-03-02T15:05:00", "오후 3:05", "3:05 PM"],
])("%s is %s, %s", (time, korean, english) => {
  expect(timeOfDay(instantOf(time), ko)).toBe(korean);
  expect(timeOfDay(instantOf(time), en)).toBe(english);
});

it("reads the contract's times as Korean time", () => {
  expect(instantOf("2026-03-02T00:30:00").toISOString()).toBe("2026-03-01T15:30:00.000Z");
  expect(dayOf("2026-03-02", "ko")).toBe("2026년 3월 2일 월요일");
});
