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

/** As the conversation has it: everything up to `readTo` is known. */
const known = (messages: Message[], readTo = messages.at(-1)?.id ?? 0) => ({ messages, readTo });

it("does not read out the history", () => {
  const opened = nextHearing(DEAF, true, known([question, answer]));
  expect(opened.spoken).toEqual([]);
  expect(nextHearing(opened, true, known([question, answer])).spoken).toEqual([]);
});

it.each([
  ["read in order", 2],
  ["news that are ahead of what was read", 0],
])("reads an answer once, however often it is reported, %s", (_case, readTo) => {
  const opened = nextHearing(DEAF, true, known([]));
  const asked = nextHearing(opened, true, known([question], Math.min(readTo, 1)));
  expect(asked.spoken).toEqual([]);
  const answered = nextHearing(asked, true, known([question, answer], readTo));
  expect(answered.spoken).toEqual([answer]);
  const later = { ...answered, spoken: [] };
  expect(nextHearing(later, true, known([question, { ...answer }], readTo)).spoken).toEqual([]);
  expect(nextHearing(later, true, known([question, { ...answer }], 2)).spoken).toEqual([]);
});

it("reads what was missed in a gap, agents and notices too, and no empty answer", () => {
  const opened = nextHearing(DEAF, true, known([question]));
  const back = nextHearing(opened, true, known([question, answer, message(3, "agent"), message(4, "system"), message(5, "assistant", "")]));
  expect(back.spoken.map(({ id }) => id)).toEqual([2, 3, 4]);
});

it("reads an agent's message that a later one overtook", () => {
  const opened = nextHearing(DEAF, true, known([question]));
  const overtaken = nextHearing(opened, true, known([question, message(12, "agent")], 1));
  expect(overtaken.spoken.map(({ id }) => id)).toEqual([12]);
  const filled = nextHearing(overtaken, true, known([question, message(10, "agent"), message(12, "agent")], 12));
  expect(filled.spoken.map(({ id }) => id)).toEqual([10]);
});

it("begins anew with a new conversation", () => {
  const opened = nextHearing(DEAF, true, known([question, answer]));
  const leaving = nextHearing(opened, false, known([]));
  const entered = nextHearing(leaving, true, known([]));
  expect(nextHearing(entered, true, known([message(9, "assistant")], 0)).spoken).toHaveLength(1);
});
