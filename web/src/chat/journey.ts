/** The way to a person, as the customer sees it. Pure. */
import { type Conversation, handoverProgress } from "./conversation";

/** What is drawn. Details are asked for while the customer waits, and not of everybody. */
export const steps = ["consent", "queue", "connected"] as const;
export type Step = (typeof steps)[number] | "details";

/** Where on that way the conversation is; null when it is on none. */
export function stepOf(conversation: Conversation): Step | null {
  switch (handoverProgress(conversation)) {
    case "attended":
      return "connected";
    case "queued":
      return "queue";
    case "collecting":
      return "details";
    case null:
      return isAskedToConsent(conversation) ? "consent" : null;
  }
}

/** What is behind, here, and ahead. */
export function stateOf(step: (typeof steps)[number], current: Step): "done" | "current" | "ahead" {
  const distance = steps.indexOf(step) - steps.indexOf(current === "details" ? "queue" : current);
  if (distance === 0) return "current";
  return distance < 0 ? "done" : "ahead";
}

function isAskedToConsent({ stage, messages, isClosed }: Conversation): boolean {
  if (isClosed) return false;
  if (stage !== null) return stage === "awaiting_consent";
  // After a reload nobody named the stage, but the question with its buttons is the last word.
  const last = messages.at(-1);
  return last?.author === "assistant" && last.quick_replies.some(({ message }) => message.includes("동의합니다"));
}
