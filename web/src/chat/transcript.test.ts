import { expect, it } from "vitest";
import type { Message } from "../api/client";
import { en } from "./en";
import { ko } from "./ko";
import { answerText, fileName, transcriptText } from "./transcript";

function message(id: number, fields: Partial<Message>): Message {
  return {
    id,
    role: "assistant",
    author: "assistant",
    message: `message ${id}`,
    created_at: "2026-03-02T12:00:00",
    client_message_id: null,
    protected: false,
    sources: [],
    quick_replies: [],
    suggested_action: null,
    ...fields,
  };
}

const source = { document_id: "fees", title: "수수료 안내", section: "이체", page: 2, excerpt: "없습니다.", score: 0.9, source: "fees.pdf" };
const messages = [
  message(1, { author: "customer", message: "수수료가 있나요?", created_at: "2026-03-01T23:59:00" }),
  message(2, { message: "없습니다.", sources: [source, { ...source, excerpt: "같은 곳" }], created_at: "2026-03-02T00:01:00" }),
  message(3, { author: "system", message: "상담원이 연결되었습니다." }),
  message(4, { message: "" }),
  message(6, { message: "연 3.5%입니다.", sources: [source], engine: "llm", created_at: "2026-03-02T12:10:00" }),
  message(5, { author: "agent", agent_name: "김가온", message: "안녕하세요.", created_at: "2026-03-02T13:05:00" }),
];
// 00:30 in Korea, still the day before in UTC.
const savedAt = new Date("2026-03-02T15:30:00Z");

it("says who said what, when, on what ground, and what is a machine's", () => {
  expect(transcriptText({ bank: "가온은행", greeting: "무엇을 도와드릴까요?", messages, savedAt }, ko)).toBe(
    `가온은행 AI 상담 내용
저장한 때: 2026년 3월 3일 화요일 오전 12:30 (한국 시간)
‘AI 상담’의 글은 인공지능이 작성했습니다.

AI 상담 (인공지능 작성)
무엇을 도와드릴까요?

--- 2026년 3월 1일 일요일 ---

[오후 11:59] 나
수수료가 있나요?

--- 2026년 3월 2일 월요일 ---

[오전 12:01] AI 상담 (인공지능 작성)
없습니다.
출처: 수수료 안내 · 이체 · 2쪽

[오후 12:00] 안내
상담원이 연결되었습니다.

[오후 12:10] AI 상담 (생성형 인공지능 작성)
연 3.5%입니다.
출처: 수수료 안내 · 이체 · 2쪽

[오후 1:05] 상담원 김가온
안녕하세요.
`,
  );
});

it("marks the machine in English too", () => {
  const transcript = transcriptText({ bank: "Gaon", greeting: null, messages, savedAt }, en);
  expect(transcript).toContain("[12:01 AM] AI assistant (written by AI)\n없습니다.\nSource: 수수료 안내 · 이체 · p. 2");
  expect(transcript).toContain("[1:05 PM] Agent 김가온\n");
});

it("copies an answer with its sources", () => {
  expect(answerText(message(1, { message: "없습니다.", sources: [source] }), ko)).toBe("없습니다.\n출처: 수수료 안내 · 이체 · 2쪽");
  expect(answerText(message(1, { message: "없습니다.", sources: [source], engine: "llm" }), ko)).toBe(
    "없습니다.\n출처: 수수료 안내 · 이체 · 2쪽\n생성형 AI가 은행 문서를 바탕으로 작성한 답변입니다.",
  );
});

it("names the file after the Korean day and time", () => {
  expect(fileName(savedAt, ko)).toBe("상담내용_20260303_0030.txt");
});
