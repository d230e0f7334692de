import { expect, it } from "vitest";
import { parseFrame } from "./socket";

it.each([
  ['{"type":"status","message":"connected","session_id":"s"}', { type: "status" }],
  ['{"type":"pong","timestamp":1}', { type: "pong" }],
  ['{"type":"typing"}', { type: "typing" }],
  ['{"type":"session_closed"}', { type: "closed" }],
  ['{"type":"history","data":{"messages":[],"more":false}}', { type: "history", page: { messages: [], more: false } }],
  ['{"type":"response","data":{"ai_message":"네"}}', { type: "response", reply: { ai_message: "네" } }],
  ['{"type":"delta","data":{"text":"안녕"}}', { type: "delta", text: "안녕" }],
  ['{"type":"delta","data":{}}', null],
  ['{"type":"processing","message":"…","queue_position":3}', { type: "processing", queuePosition: 3 }],
  ['{"type":"processing","message":"…"}', { type: "processing", queuePosition: null }],
  ['{"type":"processing","queue_position":0}', { type: "processing", queuePosition: null }],
  ['{"type":"processing","queue_position":"3"}', { type: "processing", queuePosition: null }],
  ['{"type":"customer_message","data":{"id":1}}', { type: "message", message: { id: 1 } }],
  ['{"type":"agent_message","data":{"id":2}}', { type: "message", message: { id: 2 } }],
  ['{"type":"handover_status","data":{"handover_status":"pending"}}', { type: "handover", handover: { handover_status: "pending" } }],
  [
    '{"type":"error","message":"천천히","code":"rate_limited","retry_after_ms":700,"client_message_id":"c1"}',
    {
      type: "error",
      failure: { kind: "refused", status: null, code: "rate_limited", detail: "천천히", retryAfterMs: 700 },
      clientMessageId: "c1",
    },
  ],
  // What this screen has no use for, and what is no frame at all.
  ['{"type":"handover_report","data":{}}', null],
  ['{"type":"response"}', null],
  ['{"type":"response","data":[]}', null],
  ["[]", null],
  ["null", null],
  ["{", null],
])("%s", (text, frame) => {
  expect(parseFrame(text)).toEqual(frame);
});
