import { expect, it } from "vitest";
import { parseOutbox } from "./memory";

it.each([
  [null, 0],
  ["", 0],
  ["{", 0],
  ["{}", 0],
  ['[{"clientMessageId":"a","text":"안녕하세요","typedAt":1}]', 1],
  ['[{"clientMessageId":"a","text":"안녕하세요"}, 3, null]', 0],
])("an outbox of %s holds %i messages", (text, count) => {
  expect(parseOutbox(text)).toHaveLength(count);
});
