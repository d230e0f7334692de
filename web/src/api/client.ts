/**
 * The calls a screen makes, and the names it has for what comes back. This is the only file that knows
 * `schema.ts`, which is generated from the server's own `openapi.json` (`npm run schema`).
 */
import { after, anyOf, Silence } from "./abort";
import type { SignedCustomer } from "./embedding";
import { CallFailed, failureOf, isUnsigned, refusal } from "./errors";
import type { components } from "./schema";
import { eventsOf } from "./sse";
import { queuePositionIn, wordsIn } from "./writing";

type Schemas = components["schemas"];

/** `engine`: what wrote an assistant's message; a server that does not tell leaves it out. */
export type Message = Schemas["Message"];
export type Source = Schemas["Source"];
export type QuickReply = Schemas["QuickReply"];
export type Greeting = Schemas["Greeting"];
export type HandoverState = Schemas["HandoverState"];
export type HandoverStatus = Schemas["HandoverStatus"];
export type StageName = Schemas["StageName"];
/** A document of the bank, whole; `blocks` of its sections tell tables and lists apart. */
export type KnowledgeDocument = Schemas["DocumentShape"];
export type EventsPage = Schemas["History"];
/** The answer to one message. */
export type Reply = Schemas["ChatReply"];

export type FeedbackReason = "wrong" | "incomplete" | "unclear" | "other";
/** What the customer thinks of an answer; `comment` at most 500 characters. */
export interface Feedback {
  readonly useful: boolean;
  readonly reason: FeedbackReason | null;
  readonly comment: string | null;
}

const QUICK_MS = 10_000;
/** Silence during a turn; a language model may be slow. Giving up early costs nothing: the same message is asked for again by its name. */
const TURN_MS = 60_000;
/** How much later than asked a long-poll may answer before it counts as lost. */
const POLL_SLACK_MS = 3_000;

export function greeting(): Promise<Greeting> {
  return call("/api/v1/greeting", { method: "GET" }, QUICK_MS);
}

/**
 * Opens a session, for the customer whom the bank's page names if it does. Its cookie authorises everything after;
 * the token in the body is for other clients.
 */
export async function openSession(customer: SignedCustomer | null): Promise<string> {
  const embedded = window.parent !== window;
  const open = (session: Partial<Schemas["NewSession"]>): Promise<Schemas["OpenedSession"]> =>
    call("/api/v1/sessions", { method: "POST", body: JSON.stringify(session) }, QUICK_MS);
  if (customer === null) return (await open({ embedded })).session_id;
  try {
    return (await open({ embedded, customer })).session_id;
  } catch (error) {
    if (!isUnsigned(failureOf(error))) throw error;
    // The bank's page is wrong about whom it names, and its customer can help it least: he is served as anybody.
    // eslint-disable-next-line no-console -- for whoever made the page
    console.error("bank-aicc: the customer's reference is not signed as the server's web.customer_key_file has it", error);
    return (await open({ embedded })).session_id;
  }
}

export function messagesOf(session: string): Promise<Message[]> {
  return call(`${sessionPath(session)}/messages`, { method: "GET" }, QUICK_MS);
}

export function handoverOf(session: string): Promise<HandoverState> {
  return call(`${sessionPath(session)}/handover-status`, { method: "GET" }, QUICK_MS);
}

/** What was stored after `afterId`, as soon as there is anything, at the latest after `waitS` seconds. */
export function eventsAfter(session: string, afterId: number, waitS: number, signal: AbortSignal): Promise<EventsPage> {
  const path = `${sessionPath(session)}/events?after_id=${afterId}&wait=${waitS}`;
  return call(path, { method: "GET", signal }, waitS === 0 ? QUICK_MS : waitS * 1000 + POLL_SLACK_MS);
}

/** The stream of what was stored after `afterId`; its events arrive as they happen. */
export async function eventStream(session: string, afterId: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await answered(`${sessionPath(session)}/events?after_id=${afterId}`, {
    headers: { Accept: "text/event-stream" },
    signal,
  });
  if (!response.ok) throw new CallFailed(refusal(response.status, await bodyOf(response)));
  if (response.body === null || !isStream(response)) throw new CallFailed({ kind: "unreachable" });
  return response.body;
}

/** What is told of an answer before it is whole. */
export interface AnswerListener {
  /** The next words. */
  delta(text: string): void;
  /** It takes a while; `queuePosition` as in `Frame`. */
  processing(queuePosition: number | null): void;
}

/**
 * One turn. Repeating it with the same `clientMessageId` is the same turn. A server that does not stream, or a proxy that collects,
 * gives the answer at once.
 */
export async function postMessage(session: string, clientMessageId: string, text: string, listener: AnswerListener, signal: AbortSignal): Promise<Reply> {
  const silence = new Silence(TURN_MS);
  try {
    const response = await answered("/api/v1/chat/message", {
      method: "POST",
      headers: { Accept: "text/event-stream, application/json", "Content-Type": "application/json" },
      body: JSON.stringify({ session_id: session, user_message: text, client_message_id: clientMessageId }),
      signal: anyOf([signal, silence.signal]),
    });
    if (!response.ok || response.body === null || !isStream(response)) return await contentOf(response);
    for await (const events of eventsOf(response.body)) {
      silence.broken(TURN_MS);
      for (const { name, data } of events) {
        // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the event carries the body of the plain answer
        if (name === "response") return data as Reply;
        // The status was sent before it went wrong.
        if (name === "error") throw new CallFailed(refusal(null, data));
        const words = name === "delta" ? wordsIn(data) : null;
        if (words !== null) listener.delta(words);
        if (name === "processing") listener.processing(queuePositionIn(data));
      }
    }
    throw new CallFailed({ kind: "unreachable" });
  } finally {
    silence.over();
  }
}

/** What the customer thinks of one answer; saying it again changes it. */
export function sendFeedback(session: string, messageId: number, feedback: Feedback): Promise<void> {
  return tell(`${sessionPath(session)}/messages/${messageId}/feedback`, JSON.stringify(feedback));
}

/** The customer has seen the notice of this version: the receipt the AI Basic Act asks for. */
export function acknowledgeNotice(session: string, version: string): Promise<void> {
  return tell(`${sessionPath(session)}/notice`, JSON.stringify({ version }));
}

/** The customer is done with this conversation. */
export function closeSession(session: string): Promise<void> {
  return tell(`${sessionPath(session)}/close`, "{}");
}

export function documentOf(documentId: string): Promise<KnowledgeDocument> {
  return call(`/api/v1/knowledge/documents/${encodeURIComponent(documentId)}`, { method: "GET" }, QUICK_MS);
}

export function socketUrl(session: string, afterId: number): string {
  const url = new URL(`/api/v1/chat/ws/${encodeURIComponent(session)}`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.searchParams.set("after_id", String(afterId));
  return url.href;
}

function sessionPath(session: string): string {
  return `/api/v1/sessions/${encodeURIComponent(session)}`;
}

async function call<Body>(path: string, init: RequestInit, timeoutMs: number): Promise<Body> {
  return contentOf(await answered(path, init, timeoutMs));
}

async function contentOf<Body>(response: Response): Promise<Body> {
  const body = await bodyOf(response);
  if (!response.ok) throw new CallFailed(refusal(response.status, body));
  // A 200 that is not JSON is a captive portal or a proxy, not our server; a body that was cut is no answer either.
  if (body === null) throw new CallFailed({ kind: "unreachable" });
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the schema is the server's own word for it
  return body as Body;
}

/** A call whose answer says no more than that it was done. */
async function tell(path: string, body: string): Promise<void> {
  // Kept alive, because these are said on the way out of a page, too.
  const response = await answered(path, { method: "POST", body, keepalive: true }, QUICK_MS);
  if (!response.ok) throw new CallFailed(refusal(response.status, await bodyOf(response)));
}

async function answered(path: string, init: RequestInit, timeoutMs?: number): Promise<Response> {
  const limits = [init.signal ?? [], timeoutMs === undefined ? [] : after(timeoutMs)].flat();
  try {
    return await fetch(path, {
      headers: { Accept: "application/json", "Content-Type": "application/json" },
      ...init,
      cache: "no-store",
      credentials: "same-origin",
      signal: anyOf(limits),
    });
  } catch (thrown) {
    throw new CallFailed(failureOf(thrown));
  }
}

function isStream(response: Response): boolean {
  return response.headers.get("Content-Type")?.startsWith("text/event-stream") === true;
}

function bodyOf(response: Response): Promise<unknown> {
  return response.json().catch(() => null);
}
