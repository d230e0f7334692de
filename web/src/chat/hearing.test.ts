import { expect, it } from "vitest";
import type { Message } from "../api/client";
import { DEAF, nextHearing } from "./hearing";

function message(id: number, author: Message["author"], text = `words ${id}`): Message {
  return {
    id,
    author,
    role: author === "customer" ? "user" : "assistant",
    message: text,
    created_at: "2026-03-02T10:00:00",
    client_message_id: null,
    protected: false,
    sources: [],
    quick_replies: [],
    suggested_action: null,
  };
}

const question = message(1, "customer");
const answer = message(2, "assistant");

it("does not read out the history", () => {
  const opened = nextHearing(DEAF, true, [question, answer]);
  expect(opened.spoken).toEqual([]);
  expect(nextHearing(opened, true, [question, answer]).spoken).toEqual([]);
});

it("reads an answer once, however often it is reported", () => {
  const opened = nextHearing(DEAF, true, []);
  const asked = nextHearing(opened, true, [question]);
  expect(asked.spoken).toEqual([]);
  const answered = nextHearing(asked, true, [question, answer]);
  expect(answered.spoken).toEqual([answer]);
  expect(nextHearing({ ...answered, spoken: [] }, true, [question, { ...answer }]).spoken).toEqual([]);
});

it("reads what was missed in a gap, agents and notices too, and no empty answer", () => {
  const opened = nextHearing(DEAF, true, [question]);
  const back = nextHearing(opened, true, [question, answer, message(3, "agent"), message(4, "system"), message(5, "assistant", "")]);
  expect(back.spoken.map(({ id }) => id)).toEqual([2, 3, 4]);
});

it("begins anew with a new conversation", () => {
  const opened = nextHearing(DEAF, true, [question, answer]);
  const leaving = nextHearing(opened, false, []);
  const entered = nextHearing(leaving, true, []);
  expect(nextHearing(entered, true, [message(9, "assistant")]).spoken).toHaveLength(1);
});
