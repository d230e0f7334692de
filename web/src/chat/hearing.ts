/**
 * What a screen reader is told of the conversation: every answer once, and whole. Pure. The log itself is silent
 * (`aria-live="off"`): it grows word by word, and re-orders what two transports report.
 */
import type { Message } from "../api/client";

export interface Hearing {
  /** The history of a conversation that is just being opened is not read out. */
  readonly isListening: boolean;
  /** Ids up to here were read out, or were history. */
  readonly through: number;
  /** To be read now. */
  readonly spoken: readonly Message[];
}

export const DEAF: Hearing = { isListening: false, through: 0, spoken: [] };

export function nextHearing(hearing: Hearing, isReady: boolean, messages: readonly Message[]): Hearing {
  const newest = messages.at(-1)?.id ?? 0;
  if (!isReady || !hearing.isListening) return { isListening: isReady, through: newest, spoken: [] };
  const spoken = messages.filter(({ id, author, message }) => id > hearing.through && author !== "customer" && message !== "");
  const through = Math.max(newest, hearing.through);
  if (spoken.length === 0) return through === hearing.through ? hearing : { ...hearing, through };
  return { isListening: true, through, spoken };
}
