/**
 * The whole conversation logic: no React, no network, no clock, tested by table.
 *
 * A conversation is what the server has stored (`messages`, one per id, in order) followed by what was
 * typed here and is not known to be stored (`outbox`). A message is one thing under two names: the client's
 * own (`client_message_id`) until the server's id is known. Whichever transport reports it, and however
 * often, it stands here once.
 */
import type { HandoverState, HandoverStatus, Message, QuickReply, Reply, StageName } from "../api/client";
import type { Failure } from "../api/errors";
import { isSessionLost } from "../api/errors";

export interface Conversation {
  readonly messages: readonly Message[];
  readonly outbox: readonly Outgoing[];
  readonly handover: HandoverStatus | null;
  /** Null until a reply named it; after a reload it is read from the last answer instead. */
  readonly stage: StageName | null;
  readonly isAgentTyping: boolean;
  /** No further message is accepted. */
  readonly isClosed: boolean;
  /** The server had forgotten the conversation shown before; this is a new one. */
  readonly isRestarted: boolean;
}

export interface Outgoing {
  readonly clientMessageId: string;
  readonly text: string;
  /** Unix milliseconds. */
  readonly typedAt: number;
  /** How often sending it failed. */
  readonly failures: number;
  readonly delivery: Delivery;
}

export type Delivery =
  /** Goes out as soon as something can carry it. */
  | { readonly kind: "queued" }
  | { readonly kind: "sending" }
  /** Did not get through; goes out again by itself at `retryAt` (Unix milliseconds), or when asked. */
  | { readonly kind: "waiting"; readonly failure: Failure; readonly retryAt: number }
  /** The server will not have it as it is. */
  | { readonly kind: "refused"; readonly failure: Failure };

export type Event =
  | { readonly kind: "typed"; readonly clientMessageId: string; readonly text: string; readonly at: number }
  | { readonly kind: "restored"; readonly outbox: readonly Outgoing[] }
  | { readonly kind: "sending"; readonly clientMessageId: string }
  | { readonly kind: "undelivered"; readonly clientMessageId: string; readonly failure: Failure; readonly at: number }
  /** Send it now, whatever it was waiting for. */
  | { readonly kind: "retried"; readonly clientMessageId: string }
  /** Something can carry messages again. */
  | { readonly kind: "reachable" }
  | { readonly kind: "discarded"; readonly clientMessageId: string }
  | { readonly kind: "stored"; readonly messages: readonly Message[] }
  /** `clientMessageId` is null when the answer is to another tab's message. */
  | { readonly kind: "replied"; readonly reply: Reply; readonly clientMessageId: string | null; readonly at: number }
  | { readonly kind: "handover"; readonly handover: HandoverState }
  | { readonly kind: "agent-typing"; readonly isTyping: boolean }
  | { readonly kind: "closed" }
  /** A new session begins; what was not sent goes with it. */
  | { readonly kind: "restarted" }
  /** The customer asked for a fresh start. */
  | { readonly kind: "renewed" };

export const EMPTY: Conversation = {
  messages: [],
  outbox: [],
  handover: null,
  stage: null,
  isAgentTyping: false,
  isClosed: false,
  isRestarted: false,
};

export function next(state: Conversation, event: Event): Conversation {
  switch (event.kind) {
    case "typed": {
      const { clientMessageId, text, at } = event;
      const outgoing: Outgoing = { clientMessageId, text, typedAt: at, failures: 0, delivery: { kind: "queued" } };
      return { ...state, outbox: [...state.outbox, outgoing] };
    }
    case "restored": {
      const known = new Set(state.outbox.map((outgoing) => outgoing.clientMessageId));
      const added = event.outbox.filter((outgoing) => !known.has(outgoing.clientMessageId)).map(queued);
      return withoutStored({ ...state, outbox: [...added, ...state.outbox] });
    }
    case "sending":
      return inOutbox(state, event.clientMessageId, (outgoing) => ({ ...outgoing, delivery: { kind: "sending" } }));
    case "undelivered":
      return inOutbox(state, event.clientMessageId, (outgoing) => {
        const failures = outgoing.failures + 1;
        return { ...outgoing, failures, delivery: afterFailure(event.failure, failures, event.at) };
      });
    case "retried":
      return inOutbox(state, event.clientMessageId, queued);
    case "reachable":
      return { ...state, outbox: state.outbox.map((outgoing) => (isHeldByNetwork(outgoing) ? queued(outgoing) : outgoing)) };
    case "discarded":
      return { ...state, outbox: state.outbox.filter((outgoing) => outgoing.clientMessageId !== event.clientMessageId) };
    case "stored":
      return withoutStored({ ...state, messages: merge(state.messages, event.messages) });
    case "replied":
      return afterReply(state, event.reply, event.clientMessageId, event.at);
    case "handover":
      return { ...state, handover: event.handover.handover_status };
    case "agent-typing":
      return { ...state, isAgentTyping: event.isTyping };
    case "closed":
      return { ...state, isClosed: true, isAgentTyping: false };
    case "restarted":
      return { ...EMPTY, outbox: state.outbox.map(queued), isRestarted: state.messages.length > 0 };
    case "renewed":
      return EMPTY;
  }
}

// ---------------------------------------------------------------------------------------------------
// What the customer sees

export type Entry =
  | { readonly kind: "day"; readonly key: string; readonly day: string }
  | { readonly kind: "message"; readonly key: string; readonly message: Message; readonly continues: boolean }
  | { readonly kind: "outgoing"; readonly key: string; readonly outgoing: Outgoing; readonly continues: boolean };

/** Everything in the order it is shown. `continues`: the entry above has the same author. */
export function entries(state: Conversation): Entry[] {
  const shown: Entry[] = [];
  let author: string | null = null;
  let day: string | null = null;
  for (const message of state.messages) {
    // A turn nobody answered (an agent has the conversation) leaves an empty answer; there is nothing to show.
    if (message.message === "") continue;
    const messageDay = message.created_at.slice(0, 10);
    if (messageDay !== day) {
      // A single day needs no heading: it is today.
      if (day !== null) shown.push({ kind: "day", key: `day-${messageDay}`, day: messageDay });
      day = messageDay;
      author = null;
    }
    // The same key before and after the server names it, so the bubble stays where it is.
    const key = message.client_message_id ?? `m${message.id}`;
    shown.push({ kind: "message", key, message, continues: message.author === author });
    author = message.author;
  }
  for (const outgoing of state.outbox) {
    shown.push({ kind: "outgoing", key: outgoing.clientMessageId, outgoing, continues: author === "customer" });
    author = "customer";
  }
  return shown;
}

/** The buttons under the last answer; none once something else was said. */
export function quickReplies(state: Conversation): readonly QuickReply[] {
  const last = state.messages.at(-1);
  if (last === undefined || last.author === "customer" || state.isClosed) return [];
  return state.outbox.some((outgoing) => outgoing.delivery.kind !== "refused") ? [] : last.quick_replies;
}

/** The machine is thinking: something was sent and no agent is there to answer it. */
export function isAnswering(state: Conversation): boolean {
  return state.handover !== "accepted" && state.outbox.some((outgoing) => outgoing.delivery.kind === "sending");
}

export type Progress = "collecting" | "queued" | "attended";

/** How far the way to a person is. */
export function handoverProgress(state: Conversation): Progress | null {
  if (state.handover === "accepted") return "attended";
  if (state.handover !== "pending") return null;
  return isCollecting(state) ? "collecting" : "queued";
}

function isCollecting(state: Conversation): boolean {
  if (state.stage !== null) return state.stage === "collecting";
  // HANDOVER is on every answer once nothing more is to be asked (wire contract §7).
  const answer = state.messages.findLast((message) => message.author === "assistant");
  return answer?.suggested_action === "CONTINUE";
}

// ---------------------------------------------------------------------------------------------------
// What is sent next

export type Departure =
  | { readonly kind: "now"; readonly outgoing: Outgoing }
  /** Unix milliseconds. */
  | { readonly kind: "later"; readonly at: number }
  | { readonly kind: "nothing" };

/** Messages leave one at a time and in the order they were typed; a refused one holds up nobody. */
export function departure(state: Conversation, at: number): Departure {
  const head = state.outbox.find((outgoing) => outgoing.delivery.kind !== "refused");
  if (head === undefined || state.isClosed) return { kind: "nothing" };
  switch (head.delivery.kind) {
    case "queued":
      return { kind: "now", outgoing: head };
    case "waiting":
      return head.delivery.retryAt <= at ? { kind: "now", outgoing: head } : { kind: "later", at: head.delivery.retryAt };
    case "sending":
    case "refused":
      return { kind: "nothing" };
  }
}

/** Every second attempt goes the other way, so one broken transport cannot hold a message for ever. */
export function prefersHttp(outgoing: Outgoing): boolean {
  return outgoing.failures % 2 === 1;
}

/**
 * From where to read again after a pause. A little overlap: answers to our own messages come over HTTP too,
 * so the newest id known says nothing about the ones just below it. What is read twice is merged.
 */
export function resumeAfter(messages: readonly Message[]): number {
  return messages.at(-1 - RESUME_OVERLAP)?.id ?? 0;
}

/** Messages read again on a resume; more than can be in flight at once between two transports. */
const RESUME_OVERLAP = 20;

// ---------------------------------------------------------------------------------------------------
// What may be typed (wire contract §3)

export const TEXT_CHARS_MAX = 2_000;
const TEXT_CHARS_MIN = 2;
const SHORT_ANSWERS = new Set(["네", "예", "넵", "응", "어", "노"]);

export type Draft = "empty" | "too-short" | "too-long" | "good";

/** Characters as the server counts them: code points of the trimmed text. */
export function charsOf(text: string): number {
  return Array.from(text.trim()).length;
}

export function judgeDraft(text: string): Draft {
  const chars = charsOf(text);
  if (chars === 0) return "empty";
  if (chars > TEXT_CHARS_MAX) return "too-long";
  return chars < TEXT_CHARS_MIN && !SHORT_ANSWERS.has(text.trim()) ? "too-short" : "good";
}

// ---------------------------------------------------------------------------------------------------

/** One message per id, oldest first. What comes later from the store replaces what we made up from a reply. */
function merge(known: readonly Message[], incoming: readonly Message[]): readonly Message[] {
  if (incoming.length === 0) return known;
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of incoming) byId.set(message.id, message);
  return Array.from(byId.values()).sort((a, b) => a.id - b.id);
}

/** What the store has is no longer ours to send. */
function withoutStored(state: Conversation): Conversation {
  const stored = new Set(state.messages.map((message) => message.client_message_id));
  const outbox = state.outbox.filter((outgoing) => !stored.has(outgoing.clientMessageId));
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

function afterReply(state: Conversation, reply: Reply, clientMessageId: string | null, at: number): Conversation {
  if (reply.user_message_id === null) {
    // Nothing was stored: the answer says why the text cannot be taken (too short, too long).
    const failure: Failure = { kind: "refused", status: 200, code: "not_stored", detail: reply.ai_message, retryAfterMs: null };
    if (clientMessageId === null) return state;
    return inOutbox(state, clientMessageId, (outgoing) => ({ ...outgoing, delivery: { kind: "refused", failure } }));
  }
  const created_at = reply.created_at ?? kst(at);
  const question: Message = {
    id: reply.user_message_id,
    role: "user",
    author: "customer",
    message: reply.user_message ?? "",
    created_at,
    client_message_id: clientMessageId,
    protected: reply.protected,
    sources: [],
    quick_replies: [],
    suggested_action: null,
  };
  const made = [question];
  if (reply.message_id !== null) {
    made.push({
      id: reply.message_id,
      role: "assistant",
      author: "assistant",
      message: reply.ai_message,
      created_at,
      client_message_id: null,
      protected: false,
      sources: reply.source_documents,
      quick_replies: reply.quick_replies,
      suggested_action: reply.suggested_action,
    });
  }
  const known = new Set(state.messages.map((message) => message.id));
  return withoutStored({
    ...state,
    messages: merge(state.messages, made.filter((message) => !known.has(message.id))),
    outbox: state.outbox.filter((outgoing) => outgoing.clientMessageId !== clientMessageId),
    stage: reply.stage,
    handover: handoverAfter(state.handover, reply),
  });
}

/** `handover_status` of a reply reports only a change; the stage says where things stand. */
function handoverAfter(handover: HandoverStatus | null, reply: Reply): HandoverStatus | null {
  if (reply.handover_status !== null) return reply.handover_status;
  switch (reply.stage) {
    case "assisted":
    case "awaiting_consent":
      return handover === "pending" || handover === "accepted" ? null : handover;
    case "collecting":
      return handover;
    case "queued":
      return "pending";
    case "attended":
      return "accepted";
  }
}

function afterFailure(failure: Failure, failures: number, at: number): Delivery {
  if (failure.kind === "unreachable") return { kind: "waiting", failure, retryAt: at + backoffMs(failures) };
  if (isSessionLost(failure)) return { kind: "queued" };
  if (failure.retryAfterMs !== null) return { kind: "waiting", failure, retryAt: at + failure.retryAfterMs };
  const { status } = failure;
  // Over the socket an error has no status; HTTP, which is next, has one.
  const isPassing = status === null || status === 408 || status === 429 || status >= 500;
  return isPassing ? { kind: "waiting", failure, retryAt: at + backoffMs(failures) } : { kind: "refused", failure };
}

/** The other transport is tried at once, then after 1, 2, 4 … 30 s. */
function backoffMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(30_000, 1_000 * 2 ** (failures - 2));
}

function isHeldByNetwork({ delivery }: Outgoing): boolean {
  return delivery.kind === "waiting" && delivery.failure.kind === "unreachable";
}

function queued(outgoing: Outgoing): Outgoing {
  return { ...outgoing, delivery: { kind: "queued" } };
}

function inOutbox(state: Conversation, clientMessageId: string, change: (outgoing: Outgoing) => Outgoing): Conversation {
  return {
    ...state,
    outbox: state.outbox.map((outgoing) => (outgoing.clientMessageId === clientMessageId ? change(outgoing) : outgoing)),
  };
}

/** The contract's clock: Korean wall-clock time without offset, to the second. */
function kst(at: number): string {
  const KST_OFFSET_MS = 9 * 60 * 60 * 1000;
  return new Date(at + KST_OFFSET_MS).toISOString().slice(0, 19);
}
