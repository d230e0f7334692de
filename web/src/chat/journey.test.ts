import { describe, expect, it } from "vitest";
import type { HandoverStatus, Message } from "../api/client";
import { type Conversation, EMPTY, type Handover } from "./conversation";
import { stateOf, type Step, stepOf, type steps } from "./journey";

const question: Message = {
  id: 2,
  role: "assistant",
  author: "assistant",
  message: "동의하시면 '네'를 선택해 주세요.",
  created_at: "2026-03-02T10:00:00",
  client_message_id: null,
  protected: false,
  sources: [],
  quick_replies: [
    { label: "네, 동의합니다", message: "네, 동의합니다" },
    { label: "아니요", message: "아니요, 괜찮습니다" },
  ],
  suggested_action: "CONTINUE",
};

const handover = (status: HandoverStatus): Handover => ({ handover_status: status, queue_position: null, agent_name: null });

describe("stepOf", () => {
  it.each<[string, Partial<Conversation>, Step | null]>([
    ["nothing was said", {}, null],
    ["the assistant answers", { stage: "assisted" }, null],
    ["consent is asked for", { stage: "awaiting_consent" }, "consent"],
    ["consent was asked for before a reload", { messages: [question] }, "consent"],
    ["another question was asked before a reload", { messages: [{ ...question, quick_replies: [] }] }, null],
    ["details are asked for", { stage: "collecting", handover: handover("pending") }, "details"],
    ["the customer waits", { stage: "queued", handover: handover("pending") }, "queue"],
    ["an agent is there", { stage: "attended", handover: handover("accepted") }, "connected"],
    ["the customer cancelled", { stage: "assisted", handover: handover("cancelled") }, null],
    ["it is over", { stage: "attended", handover: handover("accepted"), isClosed: true }, null],
  ])("%s", (_case, change, step) => {
    expect(stepOf({ ...EMPTY, ...change })).toBe(step);
  });
});

it.each<[(typeof steps)[number], Step, string]>([
  ["consent", "queue", "done"],
  ["queue", "queue", "current"],
  ["connected", "queue", "ahead"],
  ["consent", "details", "done"],
  ["queue", "details", "current"],
])("%s seen from %s is %s", (step, current, state) => {
  expect(stateOf(step, current)).toBe(state);
});
