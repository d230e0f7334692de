/** What a screen reader is told beside the messages themselves: how things stand, when that changes. Pure. */

/** How things stand. */
export interface Standing {
  /** Nothing gets through, either way. */
  readonly isOffline: boolean;
  /** Why a message could not be sent; null when none is held up. */
  readonly held: string | null;
  /** The place of a question that waits for the language model, in words; null when none does. */
  readonly queue: string | null;
  /** What is said at the step of the way to a person; null when on none. */
  readonly progress: string | null;
  readonly hasMessages: boolean;
}

export type News = "begun" | "back" | "held" | "queued" | "progress";

export function isAlike(one: Standing, other: Standing): boolean {
  return (
    one.isOffline === other.isOffline &&
    one.held === other.held &&
    one.queue === other.queue &&
    one.progress === other.progress &&
    one.hasMessages === other.hasMessages
  );
}

/** Nothing while all is as it was, and nothing of how things stood at first. */
export function newsBetween(before: Standing, now: Standing): readonly News[] {
  const news: News[] = [];
  if (before.hasMessages && !now.hasMessages) news.push("begun");
  if (before.isOffline && !now.isOffline) news.push("back");
  if (before.held === null && now.held !== null) news.push("held");
  // That it moves on, which it may do many times a second, is seen only.
  if (before.queue === null && now.queue !== null) news.push("queued");
  if (now.progress !== null && now.progress !== before.progress) news.push("progress");
  return news;
}
