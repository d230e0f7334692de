/**
 * What a screen reader is told of the conversation: every answer once, and whole. Pure. The log itself is silent
 * (`aria-live="off"`): it grows word by word, and re-orders what two transports report.
 */
import type { Message } from "../api/client";
import type { Conversation } from "./conversation";

export interface Hearing {
  /** The history of a conversation that is just being opened is not read out. */
  readonly isListening: boolean;
  /** Up to here everything was read out, or was history: the conversation's `readTo`. */
  readonly through: number;
  /** What is above that and is done with as well: there may be gaps between. */
  readonly ahead: ReadonlySet<number>;
  /** To be read now. */
  readonly spoken: readonly Message[];
}

export const DEAF: Hearing = { isListening: false, through: 0, ahead: new Set(), spoken: [] };

export function nextHearing(hearing: Hearing, isReady: boolean, { messages, readTo }: Pick<Conversation, "messages" | "readTo">): Hearing {
  const { isListening, through, ahead } = hearing;
  const above = new Set(messages.filter(({ id }) => id > readTo).map(({ id }) => id));
  if (!isReady || !isListening) return { isListening: isReady, through: readTo, ahead: above, spoken: [] };
  const news = messages.filter(({ id }) => id > through && !ahead.has(id));
  if (news.length === 0 && readTo === through) return hearing;
  const spoken = news.filter(({ author, message }) => author !== "customer" && message !== "");
  // What is still being read goes on when only the customer's own words came.
  return { isListening: true, through: readTo, ahead: above, spoken: spoken.length === 0 ? hearing.spoken : spoken };
}
