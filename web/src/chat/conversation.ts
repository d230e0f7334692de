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
import { inKorea } from "./korea";

export interface Conversation {
  readonly messages: readonly Message[];
  readonly outbox: readonly Outgoing[];
  /** Null when nobody asked for a person. */
  readonly handover: Handover | null;
  /** Every message up to this id is known. Above it there may be gaps: an answer may overtake what came before it. */
  readonly readTo: number;
  /** Null until a reply named it; after a reload it is read from the last answer instead. */
  readonly stage: StageName | null;
  readonly isAgentTyping: boolean;
  /** No further message is accepted. */
  readonly isClosed: boolean;
  /** The server had forgotten the conversation shown before; this is a new one. */
  readonly isRestarted: boolean;
}

/** Where the way to a person stands, in the server's words. */
export interface Handover {
  readonly handover_status: HandoverStatus;
  /** 1 is next; null when not waiting, or not known. */
  readonly queue_position: number | null;
  readonly agent_name: string | null;
}

export interface Outgoing {
  readonly clientMessageId: string;
  readonly text: string;
  /** Unix milliseconds. */
  readonly typedAt: number;
  /** How often sending it failed. */
  readonly failures: number;
  /** What is shown of its answer while that is written; the stored answer takes its place. Stays when an attempt is cut. */
  readonly answer: string;
  readonly delivery: Delivery;
}

export type Delivery =
  /** Goes out as soon as something can carry it. */
  | { readonly kind: "queued" }
  | { readonly kind: "sending" }
  /**
   * The server has it and is at work on the answer, of which this attempt has brought `text`. `queuePosition`: it waits for the
   * language model, 1 is next; null when it does not, or the server does not tell.
   */
  | { readonly kind: "answering"; readonly text: string; readonly queuePosition: number | null }
  /** Did not get through; goes out again by itself at `retryAt` (Unix milliseconds), or when asked. */
  | { readonly kind: "waiting"; readonly failure: Failure; readonly retryAt: number }
  /** The server will not have it as it is; or, with `unrecorded`, it was answered but can store neither it nor the answer just now. */
  | { readonly kind: "refused"; readonly failure: Failure; readonly unrecorded?: Unrecorded };

/** An answer that is in no history. */
export interface Unrecorded {
  readonly text: string;
  readonly sources: Message["sources"];
}

/** The code of such a failure; the server has none, since it answered. */
export const NOT_RECORDED = "not_recorded";

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
  /** News, in no order. */
  | { readonly kind: "stored"; readonly messages: readonly Message[] }
  /** The stream after `readTo`, without a gap. */
  | { readonly kind: "read"; readonly messages: readonly Message[] }
  /** The answer takes a while; it may have to wait for its turn. */
  | { readonly kind: "processing"; readonly clientMessageId: string; readonly queuePosition: number | null }
  /** The next words of an answer. */
  | { readonly kind: "delta"; readonly clientMessageId: string; readonly text: string }
  /** What the customer thinks of an answer; null takes it back. */
  | { readonly kind: "judged"; readonly messageId: number; readonly feedback: Message["feedback"] }
  /** `clientMessageId` is null when the answer is to another tab's message. */
  | { readonly kind: "replied"; readonly reply: Reply; readonly clientMessageId: string | null; readonly at: number }
  | { readonly kind: "handover"; readonly handover: HandoverState }
  | { readonly kind: "agent-typing"; readonly isTyping: boolean }
  | { readonly kind: "closed" }
  /** A new session begins; what was not sent goes with it, and what was refused waits for the customer as before. */
  | { readonly kind: "restarted" }
  /** The customer asked for a fresh start. */
  | { readonly kind: "renewed" };

export const EMPTY: Conversation = {
  messages: [],
  outbox: [],
  handover: null,
  readTo: 0,
  stage: null,
  isAgentTyping: false,
  isClosed: false,
  isRestarted: false,
};

export function next(state: Conversation, event: Event): Conversation {
  switch (event.kind) {
    case "typed": {
      const { clientMessageId, text, at } = event;
      const outgoing: Outgoing = { clientMessageId, text, typedAt: at, failures: 0, answer: "", delivery: { kind: "queued" } };
      return { ...state, outbox: [...state.outbox, outgoing] };
    }
    case "restored": {
      const known = new Set(state.outbox.map((outgoing) => outgoing.clientMessageId));
      const added = event.outbox.filter((outgoing) => !known.has(outgoing.clientMessageId));
      return withoutStored({ ...state, outbox: [...added, ...state.outbox] });
    }
    case "sending":
      return inOutbox(state, event.clientMessageId, (outgoing) => ({ ...outgoing, delivery: { kind: "sending" } }));
    case "undelivered":
      return inOutbox(state, event.clientMessageId, (outgoing) => {
        const failures = outgoing.failures + 1;
        const delivery = afterFailure(event.failure, failures, event.at);
        return delivery.kind === "refused" ? refusedFor(delivery.failure, { ...outgoing, failures }) : { ...outgoing, failures, delivery };
      });
    case "retried":
      return inOutbox(state, event.clientMessageId, queued);
    case "reachable":
      return { ...state, outbox: state.outbox.map((outgoing) => (isHeldByNetwork(outgoing) ? queued(outgoing) : outgoing)) };
    case "discarded":
      return { ...state, outbox: state.outbox.filter((outgoing) => outgoing.clientMessageId !== event.clientMessageId) };
    case "stored":
      return withoutStored({ ...state, messages: merge(state.messages, event.messages) });
    case "read": {
      const readTo = event.messages.reduce((last, { id }) => Math.max(last, id), state.readTo);
      return withoutStored({ ...state, messages: merge(state.messages, event.messages), readTo });
    }
    case "processing":
      return inOutbox(state, event.clientMessageId, (outgoing) =>
        isOut(outgoing) ? { ...outgoing, delivery: { kind: "answering", text: textOf(outgoing), queuePosition: event.queuePosition } } : outgoing,
      );
    case "delta":
      return inOutbox(state, event.clientMessageId, (outgoing) => {
        if (!isOut(outgoing)) return outgoing;
        const text = textOf(outgoing) + event.text;
        // What was read already stays until the next attempt has come as far.
        const answer = text.length < outgoing.answer.length ? outgoing.answer : text;
        return { ...outgoing, answer, delivery: { kind: "answering", text, queuePosition: null } };
      });
    case "judged":
      return {
        ...state,
        messages: state.messages.map((message) => (message.id === event.messageId ? { ...message, feedback: event.feedback ?? null } : message)),
      };
    case "replied":
      return afterReply(state, event.reply, event.clientMessageId, event.at);
    case "handover":
      return event.handover.is_closed === true ? closed(state) : { ...state, handover: handoverOf(state.handover, event.handover) };
    case "agent-typing":
      return { ...state, isAgentTyping: event.isTyping };
    case "closed":
      return closed(state);
    case "restarted":
      return { ...EMPTY, outbox: state.outbox.map((outgoing) => (outgoing.delivery.kind === "refused" ? outgoing : { ...queued(outgoing), answer: "" })), isRestarted: state.messages.length > 0 };
    case "renewed":
      return EMPTY;
  }
}

// ---------------------------------------------------------------------------------------------------
// What the customer sees

export type Entry =
  | { readonly kind: "day"; readonly key: string; readonly day: string }
  | { readonly kind: "message"; readonly key: string; readonly message: Message; readonly continues: boolean }
  | { readonly kind: "outgoing"; readonly key: string; readonly outgoing: Outgoing; readonly continues: boolean }
  /** An answer while it is written; `isCut`: nothing brings more of it at the moment. */
  | { readonly kind: "growing"; readonly key: string; readonly text: string; readonly isCut: boolean };

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
    if (outgoing.answer === "") continue;
    // Where the stored one will stand, also when something else was said meanwhile.
    shown.push({ kind: "growing", key: `${outgoing.clientMessageId}-answer`, text: outgoing.answer, isCut: !isOut(outgoing) });
    author = "assistant";
  }
  return shown;
}

/** The buttons under the last answer; none once something else was said. */
export function quickReplies(state: Conversation): readonly QuickReply[] {
  const last = state.messages.at(-1);
  if (last === undefined || last.author === "customer" || state.isClosed) return [];
  return state.outbox.some((outgoing) => outgoing.delivery.kind !== "refused") ? [] : last.quick_replies;
}

/** It was said and is not known to have arrived: said again now, it would be said twice. */
export function isOnItsWay(state: Conversation, text: string): boolean {
  return state.outbox.some((outgoing) => outgoing.text === text && outgoing.delivery.kind !== "refused");
}

/** What the machine is to answer next and has shown no word of; null when there is nothing, or no machine answers. */
export function awaited(state: Conversation): Outgoing | null {
  if (state.isClosed || state.handover?.handover_status === "accepted") return null;
  return state.outbox.find((outgoing) => isOut(outgoing) && outgoing.answer === "") ?? null;
}

/** How many wait for the language model until it is this one's turn, itself included; null when it does not wait. */
export function queuePositionOf(outgoing: Outgoing | null): number | null {
  return outgoing?.delivery.kind === "answering" ? outgoing.delivery.queuePosition : null;
}

/** Something carries it, or the server has it; the answer is not here. */
export function isOut({ delivery }: Outgoing): boolean {
  return delivery.kind === "sending" || delivery.kind === "answering";
}

export type Progress = "collecting" | "queued" | "attended";

/** How far the way to a person is; null when there is none, or it is over. */
export function handoverProgress(state: Conversation): Progress | null {
  if (state.isClosed) return null;
  if (state.handover?.handover_status === "accepted") return "attended";
  if (state.handover?.handover_status !== "pending") return null;
  return isCollecting(state) ? "collecting" : "queued";
}

/** Something will come from the other side: the answer to what was sent, or a person. */
export function isExpecting(state: Conversation): boolean {
  return handoverProgress(state) !== null || state.outbox.some(isOut);
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

/**
 * Messages leave in the order they were typed, each once the server has the one before; a refused one holds up nobody. Who says
 * something while an answer is written need not read it to the end: the server then ends that answer.
 */
export function departure(state: Conversation, at: number): Departure {
  const head = state.outbox.find(({ delivery }) => delivery.kind !== "refused" && delivery.kind !== "answering");
  if (head === undefined || state.isClosed) return { kind: "nothing" };
  switch (head.delivery.kind) {
    case "queued":
      return { kind: "now", outgoing: head };
    case "waiting":
      return head.delivery.retryAt <= at ? { kind: "now", outgoing: head } : { kind: "later", at: head.delivery.retryAt };
    case "sending":
    case "answering":
    case "refused":
      return { kind: "nothing" };
  }
}

/** Every second attempt goes the other way, so one broken transport cannot hold a message for ever. */
export function prefersHttp(outgoing: Outgoing): boolean {
  return outgoing.failures % 2 === 1;
}

/** So much stands above `readTo` that the next connection would have to read it all again: better ask now. */
export function isFarAhead({ messages, readTo }: Conversation): boolean {
  const first = messages.at(-AHEAD_MAX);
  return first !== undefined && first.id > readTo;
}

const AHEAD_MAX = 40;

// ---------------------------------------------------------------------------------------------------
// What may be typed (wire contract §3)

/** In characters; the bank may have set others. */
export interface Limits {
  readonly message_chars_min: number;
  readonly message_chars_max: number;
}

export const USUAL_LIMITS: Limits = { message_chars_min: 2, message_chars_max: 2_000 };
const SHORT_ANSWERS = new Set(["네", "예", "넵", "응", "어", "노"]);

export type Draft = "empty" | "too-short" | "too-long" | "good";

/** Characters as the server counts them: code points of the trimmed text. */
export function charsOf(text: string): number {
  return Array.from(text.trim()).length;
}

export function judgeDraft(text: string, limits: Limits): Draft {
  const chars = charsOf(text);
  if (chars === 0) return "empty";
  if (chars > limits.message_chars_max) return "too-long";
  return chars < limits.message_chars_min && !SHORT_ANSWERS.has(text.trim()) ? "too-short" : "good";
}

// ---------------------------------------------------------------------------------------------------

/** One message per id, oldest first. What comes later from the store replaces what we made up from a reply. */
function merge(known: readonly Message[], incoming: readonly Message[]): readonly Message[] {
  const [only] = incoming;
  if (only === undefined) return known;
  // What is new usually comes alone and last, and a conversation may be long.
  if (incoming.length === 1 && only.id > (known.at(-1)?.id ?? 0)) return [...known, only];
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of incoming) {
    const before = byId.get(message.id);
    // Feedback is changed, never taken back: a page read before it was given knows less. So does a history without engines.
    const feedback = message.feedback ?? before?.feedback ?? null;
    const engine = message.engine ?? before?.engine ?? null;
    byId.set(message.id, { ...message, ...(feedback === null ? {} : { feedback }), ...(engine === null ? {} : { engine }) });
  }
  return Array.from(byId.values()).sort((a, b) => a.id - b.id);
}

/** What the store has is no longer ours to send; its answer was stored with it. */
function withoutStored(state: Conversation): Conversation {
  if (state.outbox.length === 0) return state;
  const stored = new Set(state.messages.map((message) => message.client_message_id));
  const outbox = state.outbox.filter((outgoing) => !stored.has(outgoing.clientMessageId));
  return outbox.length === state.outbox.length ? state : { ...state, outbox };
}

function afterReply(state: Conversation, reply: Reply, clientMessageId: string | null, at: number): Conversation {
  if (reply.unrecorded && clientMessageId !== null) {
    const failure: Failure = { kind: "refused", status: 200, code: NOT_RECORDED, detail: "", retryAfterMs: null };
    const unrecorded = { text: reply.ai_message, sources: reply.source_documents };
    return inOutbox(state, clientMessageId, (outgoing) => ({ ...outgoing, answer: "", delivery: { kind: "refused", failure, unrecorded } }));
  }
  if (reply.user_message_id === null) {
    // Nothing was stored: the answer says why the text cannot be taken (too short, too long).
    const failure: Failure = { kind: "refused", status: 200, code: "not_stored", detail: reply.ai_message, retryAfterMs: null };
    if (clientMessageId === null) return state;
    return inOutbox(state, clientMessageId, (outgoing) => refusedFor(failure, outgoing));
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
      engine: reply.engine,
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

/** The place is told only where it was asked for; news that leave it out leave it as it was. */
function handoverOf(known: Handover | null, { handover_status, queue_position, agent_name }: HandoverState): Handover | null {
  if (handover_status === null) return null;
  const before = known?.handover_status === handover_status ? known.queue_position : null;
  return { handover_status, queue_position: queue_position ?? before, agent_name: agent_name ?? null };
}

function closed(state: Conversation): Conversation {
  const outbox = state.outbox.map((outgoing): Outgoing => ({ ...outgoing, answer: "", delivery: isOut(outgoing) ? { kind: "sending" } : outgoing.delivery }));
  return { ...state, outbox, isClosed: true, isAgentTyping: false };
}

/** `handover_status` of a reply reports only a change; the stage says where things stand. */
function handoverAfter(handover: Handover | null, reply: Reply): Handover | null {
  const status = statusAfter(handover?.handover_status ?? null, reply);
  if (status === null) return null;
  // A reply says nothing of the place and the name; they are those of the same status as before.
  return handover?.handover_status === status ? handover : { handover_status: status, queue_position: null, agent_name: null };
}

function statusAfter(status: HandoverStatus | null, reply: Reply): HandoverStatus | null {
  if (reply.handover_status !== null) return reply.handover_status;
  switch (reply.stage) {
    case "assisted":
    case "awaiting_consent":
      return status === "pending" || status === "accepted" ? null : status;
    case "collecting":
      return status;
    case "queued":
      return "pending";
    case "attended":
      return "accepted";
  }
}

function afterFailure(failure: Failure, failures: number, at: number): Delivery {
  if (failure.kind === "unreachable") return { kind: "waiting", failure, retryAt: at + Math.min(UNREACHABLE_MS_MAX, backoffMs(failures)) };
  if (isSessionLost(failure)) return { kind: "queued" };
  if (failure.retryAfterMs !== null) return { kind: "waiting", failure, retryAt: at + failure.retryAfterMs };
  const { status } = failure;
  // Over the socket an error has no status; HTTP, which is next, has one. An unknown code is not our server's.
  const isPassing = status === null || failure.code === "unknown" || status === 408 || status === 429 || status >= 500;
  return isPassing ? { kind: "waiting", failure, retryAt: at + backoffMs(failures) } : { kind: "refused", failure };
}

/** Where there is no network, trying costs nobody anything, and the next gap between two tunnels may be short. */
const UNREACHABLE_MS_MAX = 4_000;

/** The other transport is tried at once, then after 1, 2, 4 … 30 s. */
function backoffMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(30_000, 1_000 * 2 ** (failures - 2));
}

function isHeldByNetwork({ delivery }: Outgoing): boolean {
  return delivery.kind === "waiting" && delivery.failure.kind === "unreachable";
}

/** What this attempt has brought of the answer. */
function textOf({ delivery }: Outgoing): string {
  return delivery.kind === "answering" ? delivery.text : "";
}

/** No answer will come. */
function refusedFor(failure: Failure, outgoing: Outgoing): Outgoing {
  return { ...outgoing, answer: "", delivery: { kind: "refused", failure } };
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
  return inKorea(at).toISOString().slice(0, 19);
}
