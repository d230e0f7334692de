/** What a server tells while it writes an answer, the same in frames and in events. */
import { isRecord } from "./errors";

/** The next words of an answer; null: none. */
export function wordsIn(data: unknown): string | null {
  return isRecord(data) && typeof data.text === "string" ? data.text : null;
}

/** The place among those that wait for the language model, 1 is next; null: it does not wait, or the server does not tell. */
export function queuePositionIn(data: unknown): number | null {
  const position = isRecord(data) ? data.queue_position : null;
  return typeof position === "number" && Number.isInteger(position) && position >= 1 ? position : null;
}
